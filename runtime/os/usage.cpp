#include "runtime/os/usage.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "runtime/os/counters.hpp"
#include "runtime/os/error.hpp"
#include "runtime/os/fd.hpp"

namespace instbench::os {
namespace {

std::optional<uint64_t> run_delay_ns() {
  std::ifstream file("/proc/thread-self/schedstat");
  uint64_t running = 0, waiting = 0;
  if (file >> running >> waiting) return waiting;
  return std::nullopt;
}

std::optional<uint64_t> steal_ticks() {
  std::ifstream file("/proc/stat");
  std::string label;
  uint64_t field = 0;
  if (!(file >> label) || label != "cpu") return std::nullopt;
  for (int i = 0; i < 8; ++i) {
    if (!(file >> field)) return std::nullopt;
  }
  return field;
}

std::optional<uint64_t> psi_some_us() {
  std::ifstream file("/proc/pressure/cpu");
  std::string line;
  while (std::getline(file, line)) {
    const size_t at = line.find("total=");
    if (line.starts_with("some") && at != std::string::npos) return std::stoull(line.substr(at + 6));
  }
  return std::nullopt;
}

}  // namespace

Faults thread_faults() noexcept {
  struct rusage usage {};
  ::getrusage(RUSAGE_THREAD, &usage);
  return {static_cast<uint64_t>(usage.ru_minflt), static_cast<uint64_t>(usage.ru_majflt)};
}

uint64_t forks() {
  static std::atomic<uint64_t> generation{0};
  [[maybe_unused]] static const int kRegistered =
      ::pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); });
  return generation.load(std::memory_order_relaxed);
}

// A child's faults are counted from zero, so its numbers must not be taken for its parent's.
uint64_t process_faults() {
  struct rusage usage {};
  if (!count(Call::getrusage) || ::getrusage(RUSAGE_SELF, &usage) != 0) throw_errno("getrusage(RUSAGE_SELF)");
  return (forks() << 48) + static_cast<uint64_t>(usage.ru_minflt) +
         static_cast<uint64_t>(usage.ru_majflt);
}

double clock_read_ns() {
  constexpr int kRounds = 16, kReads = 1000;
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t begin = now_ns();
    for (int i = 0; i < kReads; ++i) static_cast<void>(now_ns());
    best = std::min(best, static_cast<double>(now_ns() - begin) / (kReads + 1));
  }
  return best;
}

Interference read_interference() {
  struct rusage usage {};
  ::getrusage(RUSAGE_THREAD, &usage);
  Interference now;
  now.wall_ns = now_ns();
  now.run_delay_ns = run_delay_ns();
  now.voluntary_switches = static_cast<uint64_t>(usage.ru_nvcsw);
  now.involuntary_switches = static_cast<uint64_t>(usage.ru_nivcsw);
  now.steal_ticks = steal_ticks();
  now.psi_some_us = psi_some_us();
  now.minor_faults = static_cast<uint64_t>(usage.ru_minflt);
  now.major_faults = static_cast<uint64_t>(usage.ru_majflt);
  return now;
}

namespace {

using Known = std::optional<uint64_t>;

template <typename Combine>
Interference combined(const Interference& x, const Interference& y, Combine combine) {
  const auto known = [&](const Known& a, const Known& b) { return a && b ? Known(combine(*a, *b)) : Known(); };
  return {combine(x.wall_ns, y.wall_ns),
          known(x.run_delay_ns, y.run_delay_ns),
          combine(x.voluntary_switches, y.voluntary_switches),
          combine(x.involuntary_switches, y.involuntary_switches),
          known(x.steal_ticks, y.steal_ticks),
          known(x.psi_some_us, y.psi_some_us),
          combine(x.minor_faults, y.minor_faults),
          combine(x.major_faults, y.major_faults)};
}

}  // namespace

Interference operator-(const Interference& after, const Interference& before) {
  return combined(after, before, std::minus<>());
}

Interference& operator+=(Interference& sum, const Interference& more) {
  return sum = combined(sum, more, std::plus<>());
}

std::optional<Resident> resident_in(const std::vector<Range>& ranges) {
  std::ifstream file("/proc/self/smaps");
  if (!file) return std::nullopt;
  Resident sum;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    uint64_t begin = 0, end = 0, kib = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " ", &begin, &end) == 2 && line.find(' ') > line.find('-')) {
      const Range mapping{reinterpret_cast<std::byte*>(begin), end - begin};
      inside = std::any_of(ranges.begin(), ranges.end(), [&](Range range) { return range.contains(mapping); });
    } else if (inside && std::sscanf(line.c_str(), "Rss: %" SCNu64, &kib) == 1) {
      sum.rss_bytes += kib * 1024;
    } else if (inside && std::sscanf(line.c_str(), "Pss: %" SCNu64, &kib) == 1) {
      sum.pss_bytes += kib * 1024;
    } else if (inside && std::sscanf(line.c_str(), "Private_Dirty: %" SCNu64, &kib) == 1) {
      sum.private_dirty_bytes += kib * 1024;
    }
  }
  return sum;
}

bool readable(const void* address) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe2");
  const Fd read_end{ends[0]}, write_end{ends[1]};
  return ::write(write_end.get(), address, 1) == 1;
}

void disable_huge_pages() {
  if (::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) throw_errno("prctl(PR_SET_THP_DISABLE)");
}

}  // namespace instbench::os
