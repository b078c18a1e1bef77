#include "runtime/os/kernel_events.hpp"

#include <cerrno>
#include <fstream>

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/os/error.hpp"

namespace instbench::os {
namespace {

// The number by which perf_event_open knows a tracepoint, "lock/contention_begin".
uint64_t tracepoint_id(const std::string& name) {
  for (const char* folder : {"/sys/kernel/tracing/events/", "/sys/kernel/debug/tracing/events/"}) {
    std::ifstream file(folder + name + "/id");
    uint64_t id = 0;
    if (file >> id) return id;
  }
  errno = ::access("/sys/kernel/tracing/events", R_OK) == 0 ? ENOENT : errno;
  throw_errno("tracepoint " + name + " in /sys/kernel/tracing");
}

Fd count_tracepoint(const std::string& name, const char* filter) {
  struct perf_event_attr attributes {};
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.size = sizeof attributes;
  attributes.config = tracepoint_id(name);
  attributes.inherit = 1;
  Fd counter{static_cast<int>(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC))};
  if (!counter) throw_errno("perf_event_open(" + name + ")");
  if (filter != nullptr && ::ioctl(counter.get(), PERF_EVENT_IOC_SET_FILTER, filter) != 0)
    throw_errno("ioctl(PERF_EVENT_IOC_SET_FILTER, " + name + ", " + filter + ")");
  return counter;
}

uint64_t value_of(const Fd& counter) {
  uint64_t value = 0;
  if (::read(counter.get(), &value, sizeof value) != sizeof value) throw_errno("read(perf event)");
  return value;
}

}  // namespace

KernelEventCounter::KernelEventCounter()
    : lock_waits_(count_tracepoint("lock/contention_begin", nullptr)),
      tlb_shootdowns_(count_tracepoint("tlb/tlb_flush", "reason==4")) {}

KernelEvents KernelEventCounter::read() const { return {value_of(lock_waits_), value_of(tlb_shootdowns_)}; }

}  // namespace instbench::os
