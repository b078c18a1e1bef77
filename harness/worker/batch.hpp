// The batch: Google Benchmark's own loop around whole cycles, with no clock read inside. Its time per
// cycle is the figure that is judged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/worker/cell.hpp"
#include "harness/worker/part.hpp"

namespace instbench::bench {

struct Batch {
  uint64_t iterations = 0;
  double real_ns = 0;            // per cycle
  double cpu_ns = 0;             // per cycle, user and system
  std::vector<double> parts_ns;  // per cycle, of each part, in the order timed
};

// `iterations` given: about that many, in `parts` runs of the loop one after another (fewer where there are fewer
// iterations), so that a burst of interference on the machine is in some parts and not in others. Absent: Google
// Benchmark looks for a count that takes `aim_ms`, in one part. `shared` is told what disturbed them all.
Batch run_batch(Cell& cell, std::optional<uint64_t> iterations, double aim_ms, uint64_t parts, Parts& shared);

// The same loop by hand, beside the threads of `conditions`: every --benchmark_* flag works, and the output is Google
// Benchmark's. Returns an exit code.
int run_batch_by_hand(Cell& cell, const Case& conditions, const std::string& name,
                      const std::vector<std::string>& benchmark_flags);

}  // namespace instbench::bench
