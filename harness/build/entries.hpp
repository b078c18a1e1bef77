// What lies in a folder of the cache, for throwing out what is old.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace instbench::bench {

inline constexpr std::chrono::hours kStale{24};  // no build and no comparison takes so long

struct Entry {
  std::string name;
  std::chrono::seconds age{};  // since it changed; negative when that lies in the future
};

// Those whose name begins so, the newest first. None where there is no such folder.
std::vector<Entry> entries_of(const std::string& folder, const std::string& begin);

}  // namespace instbench::bench
