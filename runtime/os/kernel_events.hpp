// What the kernel does for this process that neither it nor rusage is told of: threads that wait for a lock of the kernel's,
// and processors that are interrupted to forget translations. Counted by its tracepoints, through perf_event_open(2).
//
// Each event costs the kernel some 100 ns while it is counted: never while something is timed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/os/fd.hpp"

namespace instbench::os {

struct KernelEvents {
  // A thread found a lock of the kernel's taken (lock:contention_begin, Linux 5.19): mmap_lock, page-table and LRU locks
  // among them.
  uint64_t lock_waits = 0;
  // A processor was sent an interrupt to drop translations that it may have cached (tlb:tlb_flush, reason "remote IPI
  // send"): as a rule one for each madvise, munmap or mprotect beside another running thread of the process.
  uint64_t tlb_shootdowns = 0;
};

// Counts from its making on, this thread and all that it starts from now on.
class KernelEventCounter {
 public:
  // Throws std::system_error where the kernel, or the right to it, is lacking: tracefs can be read and tracepoints counted by
  // root, and with /proc/sys/kernel/perf_event_paranoid at -1.
  KernelEventCounter();
  KernelEvents read() const;

 private:
  Fd lock_waits_, tlb_shootdowns_;
};

}  // namespace instbench::os
