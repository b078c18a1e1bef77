#include "runtime/os/counters.hpp"

namespace instbench::os {

std::string_view name_of(Call call) {
  constexpr std::array<std::string_view, kCallKinds> kNames{
      "mmap",  "munmap",  "mprotect", "madvise",         "memfd_create", "ftruncate", "pwrite64",
      "fcntl", "getppid", "ioctl",    "process_madvise", "getrusage"};
  return kNames[static_cast<size_t>(call)];
}

Counters Counters::operator-(const Counters& earlier) const {
  Counters difference;
  for (size_t i = 0; i < kCallKinds; ++i) difference.calls[i] = calls[i] - earlier.calls[i];
  difference.bytes_mapped = bytes_mapped - earlier.bytes_mapped;
  difference.bytes_copied = bytes_copied - earlier.bytes_copied;
  difference.bytes_zeroed = bytes_zeroed - earlier.bytes_zeroed;
  difference.table_entries = table_entries - earlier.table_entries;
  return difference;
}

Counters& Counters::operator+=(const Counters& more) {
  for (size_t i = 0; i < kCallKinds; ++i) calls[i] += more.calls[i];
  bytes_mapped += more.bytes_mapped;
  bytes_copied += more.bytes_copied;
  bytes_zeroed += more.bytes_zeroed;
  table_entries += more.table_entries;
  return *this;
}

void inject_fault(Call call, uint64_t kth, int error) noexcept { detail::fault = {call, kth, error}; }

bool clear_fault() noexcept {
  const bool waiting = detail::fault.countdown != 0;
  detail::fault = {};
  return waiting;
}

bool detail::take_fault(Call call) noexcept {
  if (fault.call != call || --fault.countdown != 0) return false;
  errno = fault.error;
  return true;
}

}  // namespace instbench::os
