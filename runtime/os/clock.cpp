#include "runtime/os/clock.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>

namespace instbench::os {
namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;

clockid_t id_of(ClockKind clock) {
  constexpr clockid_t kIds[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
  return kIds[static_cast<size_t>(clock)];
}

uint64_t ns_of(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * kNsPerSecond + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

// These four clocks exist on every Linux since 2.6.12: the calls cannot fail (clock_gettime(2)).
uint64_t clock_now_ns(ClockKind clock) noexcept {
  timespec now{};
  ::clock_gettime(id_of(clock), &now);
  return ns_of(now);
}

uint64_t clock_resolution_ns(ClockKind clock) noexcept {
  timespec resolution{};
  ::clock_getres(id_of(clock), &resolution);
  return ns_of(resolution);
}

Sleep sleep_for(uint64_t ns) noexcept {
  const timespec time{static_cast<time_t>(ns / kNsPerSecond), static_cast<long>(ns % kNsPerSecond)};
  return ::clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr) == EINTR ? Sleep::cut : Sleep::whole;
}

}  // namespace instbench::os
