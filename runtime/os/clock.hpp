// The kernel's clocks, for guests that ask for them. Nothing here throws.
#pragma once

#include <cstdint>

namespace instbench::os {

enum class ClockKind : uint8_t { realtime, monotonic, process_cpu, thread_cpu };

uint64_t clock_now_ns(ClockKind clock) noexcept;
uint64_t clock_resolution_ns(ClockKind clock) noexcept;

// whole: the time is over. cut: a signal came first, so that whoever waits can be stopped.
enum class Sleep : uint8_t { whole, cut };
Sleep sleep_for(uint64_t ns) noexcept;

}  // namespace instbench::os
