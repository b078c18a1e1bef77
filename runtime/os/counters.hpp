// What the core asked the kernel for and how many bytes it moved, per thread, exactly.
//
// Every wrapper in runtime/os begins with count(call): it adds one to that call's counter and, for
// tests, says whether the call is to fail instead of being made. Reading is a copy of a small struct,
// so a phase is the difference of two readings. Calls made by libc itself (malloc's mmap, futex) are
// not seen here; the ptrace pass (trace.hpp) counts independently.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace instbench::os {

enum class Call : uint8_t {
  mmap,
  munmap,
  mprotect,
  madvise,
  memfd_create,
  ftruncate,
  pwrite,
  fcntl,
  getppid,
  ioctl,
  process_madvise,
  getrusage,
};
inline constexpr size_t kCallKinds = 12;
std::string_view name_of(Call call);

struct Counters {
  std::array<uint64_t, kCallKinds> calls{};
  uint64_t bytes_mapped = 0;  // made accessible by mmap or mprotect
  uint64_t bytes_copied = 0;
  uint64_t bytes_zeroed = 0;   // by memset
  uint64_t table_entries = 0;  // written with a function or a null

  Counters operator-(const Counters& earlier) const;
  Counters& operator+=(const Counters& more);
};

// The k-th call of a kind (counted from now, 1 = the next) fails once with errno `error`.
struct InjectedFault {
  Call call = Call::mmap;
  uint64_t countdown = 0;  // 0: nothing armed
  int error = 0;
};

namespace detail {
inline thread_local constinit Counters counters;
inline thread_local constinit InjectedFault fault;
bool take_fault(Call call) noexcept;
}  // namespace detail

inline Counters& counters() noexcept { return detail::counters; }

void inject_fault(Call call, uint64_t kth, int error) noexcept;
// Disarms; true when the fault was still waiting.
bool clear_fault() noexcept;

// False: the call is to fail and errno is set.
[[nodiscard]] inline bool count(Call call) noexcept {
  ++detail::counters.calls[static_cast<size_t>(call)];
  if (detail::fault.countdown != 0) [[unlikely]]
    return !detail::take_fault(call);
  return true;
}

inline void copy_bytes(void* to, const void* from, size_t bytes) noexcept {
  detail::counters.bytes_copied += bytes;
  std::memcpy(to, from, bytes);
}

inline void zero_bytes(void* to, size_t bytes) noexcept {
  detail::counters.bytes_zeroed += bytes;
  std::memset(to, 0, bytes);
}

}  // namespace instbench::os
