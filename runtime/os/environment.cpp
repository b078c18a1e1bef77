#include "runtime/os/environment.hpp"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/os/cgroup.hpp"
#include "runtime/os/kernel_text.hpp"

namespace instbench::os {
namespace {

std::optional<uint64_t> meminfo_bytes(const std::string& key) {
  const auto kib = number_field_in("/proc/meminfo", key);
  return kib ? std::optional(*kib * 1024) : std::nullopt;
}

unsigned allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 0;
}

// This process's folder in the cgroup v2 tree: the "0::/path" line of /proc/self/cgroup.
std::optional<std::string> cgroup_folder() {
  for (const std::string& line : lines_of(whole_text("/proc/self/cgroup").value.value_or(""))) {
    if (line.starts_with("0::")) return "/sys/fs/cgroup" + line.substr(3);
  }
  return std::nullopt;
}

std::optional<bool> under_hypervisor() {
  const auto flags = field_in("/proc/cpuinfo", "flags");
  if (!flags) return std::nullopt;
  const auto words = words_of(*flags);
  return std::find(words.begin(), words.end(), "hypervisor") != words.end();
}

}  // namespace

Environment environment() {
  Environment e;
  utsname names = {};
  if (::uname(&names) == 0) {
    e.kernel = names.release;
    e.architecture = names.machine;
  }
  e.cpu = field_in("/proc/cpuinfo", "model name").value.value_or("unknown");
  e.cpus = allowed_cpus();
  e.memory_bytes = meminfo_bytes("MemTotal").value_or(0);
  e.page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  e.thp = chosen_word("/sys/kernel/mm/transparent_hugepage/enabled").value;
  e.thp_shmem = chosen_word("/sys/kernel/mm/transparent_hugepage/shmem_enabled").value;
  e.hypervisor = under_hypervisor();
  if (const auto aslr = number_in("/proc/sys/kernel/randomize_va_space")) e.aslr = static_cast<int>(*aslr);
  e.clock_source = first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource").value;
  e.governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").value;
  // debugfs: readable by root only, so usually unknown; the kernel's default is 64 KiB.
  e.fault_around_bytes = number_in("/sys/kernel/debug/fault_around_bytes").value;
  e.swap_bytes = meminfo_bytes("SwapTotal");
  if (const auto folder = cgroup_folder()) e.cgroup_cpu_max = first_line(*folder + "/cpu.max").value;
  return e;
}

uint64_t memory_available_bytes() {
  uint64_t available = meminfo_bytes("MemAvailable").value_or(0);
  const auto limit = memory_limit("/proc", "/sys");
  if (limit && limit->bytes && limit->used_bytes) {
    const uint64_t most = *limit->bytes, used = *limit->used_bytes;
    available = std::min(available, most > used ? most - used : 0);
  }
  return available;
}

}  // namespace instbench::os
