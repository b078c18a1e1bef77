#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "runtime/os/clock.hpp"
#include "runtime/os/fd.hpp"
#include "runtime/os/fitness.hpp"
#include "runtime/os/private_dir.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::os {
namespace {

Support refused(const char* call) { return {false, std::string(call) + ": " + std::strerror(errno)}; }

Support probe_userfaultfd() {
  constexpr int kUserModeOnly = 1;  // UFFD_USER_MODE_ONLY, Linux 5.11: needs no privilege
  const Fd fd{static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | kUserModeOnly))};
  return fd ? Support{true, ""} : refused("userfaultfd");
}

Support probe_perf() {
  struct perf_event_attr counter {};
  counter.size = sizeof counter;
  counter.type = PERF_TYPE_HARDWARE;
  counter.config = PERF_COUNT_HW_INSTRUCTIONS;
  counter.disabled = 1;
  counter.exclude_kernel = 1;
  counter.exclude_hv = 1;
  const Fd fd{static_cast<int>(::syscall(SYS_perf_event_open, &counter, 0, -1, -1, PERF_FLAG_FD_CLOEXEC))};
  return fd ? Support{true, ""} : refused("perf_event_open");
}

std::optional<uint64_t> address_space_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

// "36 35 0:31 / /sys ro,nosuid …" (proc_pid_mountinfo(5)): the fifth word is the place, the sixth the options.
Fact<bool> settings_locked(const std::string& path) {
  return then(whole_text(path), [](const std::string& text) -> Fact<bool> {
    for (const std::string& line : lines_of(text)) {
      const auto words = words_of(line);
      if (words.size() > 5 && words[4] == "/sys") return ("," + words[5] + ",").find(",ro,") != std::string::npos;
    }
    return true;  // no /sys at all: a sandbox
  });
}

Fact<bool> fixed_layout(const std::string& path) {
  return then(first_line(path), [&](const std::string& line) -> Fact<bool> {
    constexpr uint64_t kAddrNoRandomize = 0x0040000;
    uint64_t bits = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), bits, 16).ec != std::errc())
      return unknown<bool>(path + " holds no number");
    return (bits & kAddrNoRandomize) != 0;
  });
}

Fact<int64_t> signed_number_in(const std::string& path) {
  return then(first_line(path), [&](const std::string& line) -> Fact<int64_t> {
    int64_t value = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), value).ec != std::errc())
      return unknown<int64_t>(path + " holds no number");
    return value;
  });
}

// "running waiting timeslices", nanoseconds; there when the kernel has CONFIG_SCHED_INFO.
Fact<uint64_t> run_delay(const std::string& path) {
  return then(first_line(path), [&](const std::string& line) -> Fact<uint64_t> {
    const auto words = words_of(line);
    const auto waited = words.size() == 3 ? number_of(words[1]) : std::nullopt;
    if (!waited) return unknown<uint64_t>(path + " does not hold three numbers");
    return *waited;
  });
}

Fact<CacheFacts> cache() {
  try {
    if (const auto folder = user_cache_dir()) return cache_facts(*folder);
  } catch (const std::system_error& error) {
    return unknown<CacheFacts>(error.what());
  }
  return unknown<CacheFacts>("none of INSTBENCH_CACHE_DIR, XDG_CACHE_HOME and HOME is an absolute path");
}

// An idle guest is robbed of nothing, so one thread has to want its CPU while others' share is observed.
void spin(ProbedFacts& facts, double seconds) {
  const Roots roots;
  const Fact<CpuTime> before = cpu_time(roots);
  const Interference begin = read_interference();
  const auto length_ns = static_cast<uint64_t>(seconds * 1e9);
  while (now_ns() - begin.wall_ns < length_ns) {
  }
  const Interference end = read_interference();
  const auto wall_ns = static_cast<double>(end.wall_ns - begin.wall_ns);
  facts.spun_s = wall_ns / 1e9;
  facts.stolen = then(before, [&](const CpuTime& earlier) {
    return then(cpu_time(roots), [&](const CpuTime& later) { return stolen_share(earlier, later); });
  });
  facts.waited = begin.run_delay_ns && end.run_delay_ns
                     ? Fact<double>(static_cast<double>(*end.run_delay_ns - *begin.run_delay_ns) / wall_ns)
                     : unknown<double>("/proc/thread-self/schedstat cannot be read");
}

}  // namespace

ProcessFacts read_process_facts(const Roots& roots) {
  const std::string self = roots.proc + "/self", kernel = roots.proc + "/sys/kernel";
  ProcessFacts facts;
  facts.kernel = first_line(kernel + "/osrelease");
  facts.seccomp = number_field_in(self + "/status", "Seccomp");
  facts.seccomp_filters = number_field_in(self + "/status", "Seccomp_filters");
  facts.aslr = number_in(kernel + "/randomize_va_space");
  facts.fixed_layout = fixed_layout(self + "/personality");
  facts.perf_paranoid = signed_number_in(kernel + "/perf_event_paranoid");
  facts.run_delay_ns = run_delay(self + "/schedstat");
  facts.settings_locked = settings_locked(self + "/mountinfo");
  facts.quota = cpu_quota(roots.proc, roots.sys);
  return facts;
}

Fact<CacheFacts> cache_facts(const std::string& folder) {
  std::filesystem::path there = folder;
  while (there != there.root_path() && !is_folder(there.string())) there = there.parent_path();
  struct statvfs status {};
  if (::statvfs(there.c_str(), &status) != 0)
    return unknown<CacheFacts>("statvfs('" + there.string() + "'): " + std::strerror(errno));
  CacheFacts facts;
  facts.folder = folder;
  facts.free_bytes = static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
  facts.noexec = (status.f_flag & ST_NOEXEC) != 0;
  facts.writable = ::access(there.c_str(), W_OK | X_OK) == 0;
  return facts;
}

ProbedFacts probe_facts(double spin_s) {
  ProbedFacts facts;
  facts.page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  facts.address_space_bytes = address_space_limit();
  facts.clock_read_ns = clock_read_ns();
  facts.clock_resolution_ns = clock_resolution_ns(ClockKind::monotonic);
  facts.features.assign(features().begin(), features().end());
  facts.userfaultfd = probe_userfaultfd();
  facts.perf_event_open = probe_perf();
  facts.cache = cache();
  spin(facts, spin_s);
  return facts;
}

}  // namespace instbench::os
