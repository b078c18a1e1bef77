// Which files of the cache must go so that it stays below its cap. Pure: a list of files in, names out.
//
// Files of one entry go together: their names share what stands before the first '.' or '-'. The entry unused for the
// longest time goes first. What was used within kInUse stays whatever the cap says, since a process may be between
// checking a file and loading it, and so does what is locked; later than that, an unlinked file lives on for whoever
// has mapped it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/os/private_dir.hpp"

namespace instbench {

inline constexpr std::chrono::seconds kInUse = std::chrono::minutes(1);
// Temporary and lock files as old as this were left by a killed process: no compilation takes as long.
inline constexpr std::chrono::seconds kAbandoned = std::chrono::hours(2);

// What the names of an entry's files share: "ab12" of "ab12.module" and "ab12-77.so".
std::string_view entry_of(std::string_view file_name);

struct Eviction {
  std::vector<std::string> abandoned;             // file names
  std::vector<std::vector<std::string>> entries;  // file names of each entry, in the order of removal
};
Eviction plan_eviction(const std::vector<os::ListedFile>& files, uint64_t cap_bytes);

}  // namespace instbench
