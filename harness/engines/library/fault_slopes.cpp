#include "harness/engines/library/fault_slopes.hpp"

#include "runtime/os/usage.hpp"

namespace instbench::bench {

CounterSlopes fault_slopes(const std::function<void(uint64_t cycles)>& run) {
  constexpr uint64_t kShort = Cell::kShortRun, kLong = Cell::kLongRun;
  run(1);  // pages of this very frame, copied on write since the trace pass forked, are not the cell's
  const os::Faults before = os::thread_faults();
  run(kShort);
  const os::Faults between = os::thread_faults();
  run(kLong);
  const os::Faults after = os::thread_faults();
  const auto slope = [](uint64_t a, uint64_t b, uint64_t c) {
    return (static_cast<double>(c - b) - static_cast<double>(b - a)) / static_cast<double>(kLong - kShort);
  };
  return {kShort,
          kLong,
          {{"cycle",
            {{"faults.minor", slope(before.minor, between.minor, after.minor)},
             {"faults.major", slope(before.major, between.major, after.major)}}}}};
}

}  // namespace instbench::bench
