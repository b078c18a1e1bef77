// The phases of a cycle, and the marks between them: none (the batch that is judged), clock reads, counter readings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/os/counters.hpp"
#include "runtime/os/probes.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {

// In the order in which a cycle meets them.
enum class Phase : uint8_t { release, acquire, init, start, work };
inline constexpr size_t kPhases = 5;

struct NoMarks {
  void at(size_t) noexcept {}
};

struct ClockMarks {
  std::array<uint64_t, kPhases + 1> ns{};
  void at(size_t border) noexcept { ns[border] = os::now_ns(); }
};

struct CounterMarks {
  std::array<os::Counters, kPhases + 1> counters;
  std::array<os::Faults, kPhases + 1> faults;
  void at(size_t border) noexcept {
    counters[border] = os::counters();
    faults[border] = os::thread_faults();
  }
};

// For tracers only: no figure is taken from a cycle that has these.
struct ProbeMarks {
  [[gnu::always_inline]] void at(size_t border) noexcept { os::probe_border(border); }
};

}  // namespace instbench::bench
