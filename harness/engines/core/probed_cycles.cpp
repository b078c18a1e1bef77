// Cycles with marks for a profiler. Apart from core_cell.cpp, since GCC decides by the whole file what it inlines (its
// parameter inline-unit-growth): there they would change the loops that are timed.
#include "harness/engines/core/core_cell.hpp"
#include "harness/worker/itt.hpp"

namespace instbench::bench {

void CoreCell::run_probed(uint64_t count, const Itt* itt) {
  const auto run_with = [&](auto marks) {
    for (uint64_t i = 0; i < count; ++i) lanes_[0].ring->cycle(marks);
  };
  if (itt != nullptr)
    run_with(TaskMarks{*itt});
  else
    run_with(ProbeMarks{});
}

}  // namespace instbench::bench
