#include "harness/build/entries.hpp"

#include <algorithm>
#include <filesystem>

namespace instbench::bench {

namespace fs = std::filesystem;

std::vector<Entry> entries_of(const std::string& folder, const std::string& begin) {
  std::vector<Entry> entries;
  const auto now = fs::file_time_type::clock::now();
  std::error_code error;
  for (fs::directory_iterator at(folder, error), last; !error && at != last; at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::error_code vanished;
    const auto changed = fs::last_write_time(at->path(), vanished);
    if (vanished || !name.starts_with(begin)) continue;
    entries.push_back({name, std::chrono::duration_cast<std::chrono::seconds>(now - changed)});
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.age != b.age ? a.age < b.age : a.name < b.name; });
  return entries;
}

}  // namespace instbench::bench
