#include "runtime/os/cgroup.hpp"

#include <algorithm>

namespace instbench::os {
namespace {

enum class Version { v1, v2 };

// The folders of a controller that apply to this process, its own first, the root last.
struct Groups {
  Version version = Version::v2;
  std::vector<std::string> folders;
};

// A container often sees its own group as the root of the mount while /proc/self/cgroup names the host's path (or
// one that leads out, "/../.."): folders that are not there are left out, and the root always remains.
std::vector<std::string> upwards(const std::string& mount, std::string path) {
  std::vector<std::string> folders;
  if (path.find("..") != path.npos) path.clear();
  for (; path.size() > 1; path.resize(path.rfind('/'))) {
    if (is_folder(mount + path)) folders.push_back(mount + path);
  }
  folders.push_back(mount);
  return folders;
}

Fact<std::string> first_mount(const std::vector<std::string>& candidates) {
  for (const std::string& folder : candidates) {
    if (whole_text(folder + "/cgroup.procs")) return folder;
  }
  return unknown<std::string>("no cgroup file system is mounted at " + candidates.front());
}

// Lines are "4:memory:/path" in version 1, "0::/path" in version 2. A controller is in one of the two only: where a
// line of version 1 names it, version 2 does not have it.
Fact<Groups> groups_of(const std::string& controller, const std::string& proc, const std::string& sys) {
  return then(whole_text(proc + "/self/cgroup"), [&](const std::string& text) -> Fact<Groups> {
    const std::string root = sys + "/fs/cgroup";
    std::string path_v2 = "/";
    for (const std::string& line : lines_of(text)) {
      const size_t first = line.find(':'), second = line.find(':', first + 1);
      if (first == line.npos || second == line.npos) continue;
      const std::string names = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
      if (names.empty()) path_v2 = path;
      if (("," + names + ",").find("," + controller + ",") == std::string::npos) continue;
      return then(first_mount({root + "/" + names, root + "/" + controller}),
                  [&](const std::string& mount) -> Fact<Groups> {
                    return Groups{Version::v1, upwards(mount, path)};
                  });
    }
    const bool mixed = is_folder(root + "/unified");
    return then(first_mount({mixed ? root + "/unified" : root}), [&](const std::string& mount) -> Fact<Groups> {
      return Groups{Version::v2, upwards(mount, path_v2)};
    });
  });
}

// "150000 100000" and "max 100000"; version 1 has two files and -1 for no limit.
std::optional<double> quota_in(const std::string& folder, Version version) {
  std::vector<std::string> words;
  if (version == Version::v2) {
    words = words_of(first_line(folder + "/cpu.max").value.value_or(""));
  } else {
    words = {first_line(folder + "/cpu.cfs_quota_us").value.value_or(""),
             first_line(folder + "/cpu.cfs_period_us").value.value_or("")};
  }
  if (words.size() < 2) return std::nullopt;
  const auto quota = number_of(words[0]), period = number_of(words[1]);
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<uint64_t> throttled_in(const std::string& folder) {
  for (const std::string& line : lines_of(whole_text(folder + "/cpu.stat").value.value_or(""))) {
    const auto words = words_of(line);
    if (words.size() == 2 && words[0] == "nr_throttled") return number_of(words[1]);
  }
  return std::nullopt;
}

}  // namespace

Fact<CpuQuota> cpu_quota(const std::string& proc, const std::string& sys) {
  return then(groups_of("cpu", proc, sys), [](const Groups& groups) -> Fact<CpuQuota> {
    CpuQuota tightest;
    for (const std::string& folder : groups.folders) {
      const auto cpus = quota_in(folder, groups.version);
      if (!cpus || (tightest.cpus && *tightest.cpus <= *cpus)) continue;
      tightest = {cpus, throttled_in(folder),
                  folder + (groups.version == Version::v2 ? "/cpu.max" : "/cpu.cfs_quota_us")};
    }
    return tightest;
  });
}

Fact<MemoryLimit> memory_limit(const std::string& proc, const std::string& sys) {
  return then(groups_of("memory", proc, sys), [](const Groups& groups) -> Fact<MemoryLimit> {
    constexpr uint64_t kNoLimit = uint64_t{1} << 60;  // version 1 writes its largest number, 2^63 less a page
    const bool v2 = groups.version == Version::v2;
    using Names = std::vector<std::string>;
    const Names names = v2 ? Names{"/memory.max", "/memory.high"} : Names{"/memory.limit_in_bytes"};
    MemoryLimit tightest;
    for (const std::string& folder : groups.folders) {
      for (const std::string& name : names) {
        const auto limit = number_in(folder + name);  // "max" is no number
        if (!limit || *limit >= kNoLimit || (tightest.bytes && *tightest.bytes <= *limit)) continue;
        const auto used = number_in(folder + (v2 ? "/memory.current" : "/memory.usage_in_bytes"));
        tightest = {*limit, used.value, folder + name};
      }
    }
    return tightest;
  });
}

}  // namespace instbench::os
