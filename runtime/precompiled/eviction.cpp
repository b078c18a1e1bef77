#include "runtime/precompiled/eviction.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace instbench {
namespace {

struct Group {
  uint64_t bytes = 0;
  std::chrono::seconds age = std::chrono::seconds::max();  // of the file used last
  std::vector<std::string> names;
};

bool is_helper(const std::string& name) { return name.starts_with('.') || name.ends_with(".lock"); }

}  // namespace

std::string_view entry_of(std::string_view file_name) { return file_name.substr(0, file_name.find_first_of(".-")); }

Eviction plan_eviction(const std::vector<os::ListedFile>& files, uint64_t cap_bytes) {
  Eviction eviction;
  std::map<std::string_view, Group> groups;
  std::set<std::string_view> locked;
  uint64_t total = 0;
  for (const os::ListedFile& file : files) {
    total += file.bytes;
    if (is_helper(file.name)) {
      if (file.age >= kAbandoned) {
        eviction.abandoned.push_back(file.name);
        total -= file.bytes;
      } else if (!file.name.starts_with('.')) {
        locked.insert(entry_of(file.name));
      }
      continue;
    }
    Group& group = groups[entry_of(file.name)];
    group.bytes += file.bytes;
    group.age = std::min(group.age, file.age);
    // The metadata goes first, so that no entry names a file that is gone.
    group.names.insert(file.name.ends_with(".module") ? group.names.begin() : group.names.end(), file.name);
  }
  std::vector<const Group*> oldest_first;
  for (const auto& [entry, group] : groups) {
    if (!locked.contains(entry)) oldest_first.push_back(&group);
  }
  std::stable_sort(oldest_first.begin(), oldest_first.end(), [](auto* a, auto* b) { return a->age > b->age; });
  for (const Group* group : oldest_first) {
    if (total <= cap_bytes || group->age < kInUse) break;
    eviction.entries.push_back(group->names);
    total -= group->bytes;
  }
  return eviction;
}

}  // namespace instbench
