// The counters of an engine whose inside cannot be counted: page faults of whole cycles. System calls are the trace's.
#pragma once

#include <cstdint>
#include <functional>

#include "harness/worker/cell.hpp"

namespace instbench::bench {

// `run` does so many cycles.
CounterSlopes fault_slopes(const std::function<void(uint64_t cycles)>& run);

}  // namespace instbench::bench
