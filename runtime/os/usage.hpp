// What the kernel says about this thread and process: faults, switches, delays, resident memory, time.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <vector>

#include "runtime/os/mapping.hpp"

namespace instbench::os {

struct Faults {
  uint64_t minor = 0;
  uint64_t major = 0;
};
Faults thread_faults() noexcept;  // getrusage(RUSAGE_THREAD), Linux 2.6.26. COST: one system call
// All page faults of this process since it began, minor and major, of all its threads, also those that ended
// (getrusage(RUSAGE_SELF)). A page becomes this process's own only by a fault, taken by one of its threads, be it in user
// code or in a system call that writes to user memory; so while this number stays, no page did. What it does not see:
// another process that writes here (ptrace, process_vm_writev, a child of vfork or CLONE_VM), a kernel thread that borrows
// the address space, khugepaged (huge pages are to be off). A child made by the raw system call is not told of by forks().
// A forked child's numbers are none of its parent's.
// COST: one system call, counted.
uint64_t process_faults();
// How often this process's line was forked since this program began: another number in a child than in its parent.
uint64_t forks();

// Monotonic clock in nanoseconds (CLOCK_MONOTONIC through the vDSO). COST: about 20 ns on the development machine.
inline uint64_t now_ns() noexcept {
  struct timespec time {};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}
double clock_read_ns();  // what one now_ns() costs here, measured (minimum of several rounds)

// Interference while something ran: what was read after it less what was read before.
struct Interference {
  uint64_t wall_ns = 0;
  std::optional<uint64_t> run_delay_ns;  // waiting for a CPU: /proc/thread-self/schedstat
  uint64_t voluntary_switches = 0;
  uint64_t involuntary_switches = 0;
  std::optional<uint64_t> steal_ticks;  // /proc/stat, all CPUs
  std::optional<uint64_t> psi_some_us;  // /proc/pressure/cpu
  uint64_t minor_faults = 0;
  uint64_t major_faults = 0;
};
Interference read_interference();  // since boot, or since this thread began
Interference operator-(const Interference& after, const Interference& before);
Interference& operator+=(Interference& sum, const Interference& more);  // what is not known in one is not in the sum

struct Resident {
  uint64_t rss_bytes = 0;
  uint64_t pss_bytes = 0;
  uint64_t private_dirty_bytes = 0;
};
// Sums of /proc/self/smaps over the mappings inside the ranges; nothing when it cannot be read.
std::optional<Resident> resident_in(const std::vector<Range>& ranges);

// True when the byte can be read: found by having the kernel read it (write(2) into a pipe gives EFAULT),
// so that an inaccessible page is an answer and not a signal.
bool readable(const void* address);

// Transparent huge pages for this whole process, children included (PR_SET_THP_DISABLE, Linux 3.15).
void disable_huge_pages();

}  // namespace instbench::os
