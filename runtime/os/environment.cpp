#include "runtime/os/environment.hpp"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace instbench::os {
namespace {

std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<uint64_t> number_in(const std::optional<std::string>& text) {
  uint64_t value = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

// "always [madvise] never" -> "madvise".
std::optional<std::string> bracketed(const std::string& path) {
  const auto line = first_line(path);
  if (!line) return std::nullopt;
  const size_t open = line->find('['), close = line->find(']');
  if (open == line->npos || close == line->npos || close < open) return std::nullopt;
  return line->substr(open + 1, close - open - 1);
}

// The value of "key : value" or "Key:   value kB" in /proc/cpuinfo and /proc/meminfo.
std::optional<std::string> field_of(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const size_t colon = line.find(':');
    if (colon == line.npos || line.find_first_not_of(" \t", key.size()) != colon) continue;
    const size_t value = line.find_first_not_of(" \t", colon + 1);
    return value == line.npos ? std::string() : line.substr(value);
  }
  return std::nullopt;
}

std::optional<uint64_t> meminfo_bytes(const std::string& key) {
  const auto kib = number_in(field_of("/proc/meminfo", key));
  return kib ? std::optional(*kib * 1024) : std::nullopt;
}

unsigned allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 0;
}

// This process's folder in the cgroup v2 tree: the "0::/path" line of /proc/self/cgroup.
std::optional<std::string> cgroup_folder() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return "/sys/fs/cgroup" + line.substr(3);
  }
  return std::nullopt;
}

std::optional<bool> under_hypervisor() {
  const auto flags = field_of("/proc/cpuinfo", "flags");
  if (!flags) return std::nullopt;
  std::istringstream words(*flags);
  for (std::string word; words >> word;) {
    if (word == "hypervisor") return true;
  }
  return false;
}

}  // namespace

Environment environment() {
  Environment e;
  utsname names = {};
  if (::uname(&names) == 0) {
    e.kernel = names.release;
    e.architecture = names.machine;
  }
  e.cpu = field_of("/proc/cpuinfo", "model name").value_or("unknown");
  e.cpus = allowed_cpus();
  e.memory_bytes = meminfo_bytes("MemTotal").value_or(0);
  e.page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  e.thp = bracketed("/sys/kernel/mm/transparent_hugepage/enabled");
  e.thp_shmem = bracketed("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
  e.hypervisor = under_hypervisor();
  if (const auto aslr = number_in(first_line("/proc/sys/kernel/randomize_va_space"))) e.aslr = static_cast<int>(*aslr);
  e.clock_source = first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  e.governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  // debugfs: readable by root only, so usually unknown; the kernel's default is 64 KiB.
  e.fault_around_bytes = number_in(first_line("/sys/kernel/debug/fault_around_bytes"));
  e.swap_bytes = meminfo_bytes("SwapTotal");
  if (const auto folder = cgroup_folder()) e.cgroup_cpu_max = first_line(*folder + "/cpu.max");
  return e;
}

uint64_t memory_available_bytes() {
  uint64_t available = meminfo_bytes("MemAvailable").value_or(0);
  const auto folder = cgroup_folder();
  if (!folder) return available;
  const auto limit = number_in(first_line(*folder + "/memory.max"));  // "max" is no number: no limit
  const auto used = number_in(first_line(*folder + "/memory.current"));
  if (limit && used) available = std::min(available, *limit > *used ? *limit - *used : 0);
  return available;
}

}  // namespace instbench::os
