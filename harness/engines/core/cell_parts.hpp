// What the core's cells have in common, whether of one module or of several: what an instance needs of the machine, what
// counters say per cycle, what a result holds of a module and of a pool's memory.
#pragma once

#include <array>
#include <cstdint>

#include "harness/engines/core/program.hpp"
#include "harness/protocol/touch_plan.hpp"
#include "harness/worker/cell.hpp"
#include "runtime/instance/prepared.hpp"
#include "runtime/os/usage.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench::bench {

TouchTarget target_of(const Prepared& prepared);

// What one instance keeps resident, and into how many mappings the kernel cuts its slot. Bytes in doubles: the products of
// absurd requests do not fit an integer.
struct Footprint {
  double resident_bytes = 0;
  uint64_t mappings = 0;
};
Footprint footprint_of(const Prepared& prepared, const TouchPlan& plan);
// Throws Unsupported when so many would swap or be killed, or when the kernel has no room for their slots.
void refuse_if_too_large(const Footprint& each, uint64_t slots, const SlotGeometry& geometry);

// How often all slots are gone round before anything is timed. Twice: a slot's first release can still find pages that were
// never touched. A strategy that learns needs four: two resets to see which pages come back, and one more to have given
// back what does not.
uint64_t warm_up_rounds(const Strategy& strategy);

// Instances that were timed are compared afterwards as far as so many bytes of memory go.
inline constexpr uint64_t kVerifyBudgetBytes = uint64_t{16} << 20;
uint64_t memory_bytes_of(const Prepared& prepared);  // at the start, and never 0

// Finished cycles by Path::index(): of all threads together; those since `before` as the result's "paths".
using PathCounts = std::array<uint64_t, Path::kIndexEnd>;
template <typename Lanes>
PathCounts finished_in(const Lanes& lanes) {
  PathCounts sums{};
  for (const auto& lane : lanes) {
    for (uint32_t i = 0; i < Path::kIndexEnd; ++i) sums[i] += lane.pool->stats().paths[i];
  }
  return sums;
}
Json paths_since(const PathCounts& before, const PathCounts& now);

// The ring's first cycle, and the release that ends it, which is its own: the ring is empty then. `taken` is its path.
template <typename Ring>
PhaseTimes first_cycle_of(Ring& ring, Path& taken) {
  ClockMarks marks;
  ring.cycle(marks);
  taken = ring.last_path();
  const uint64_t begin = os::now_ns();
  ring.drain();
  const uint64_t end = os::now_ns();
  taken.reset = ring.last_path().reset;
  PhaseTimes times = times_of(marks);
  times.release = end - begin;
  return times;
}

// Of the module under its strategy, for the result. Its start function is not known to be timed where it is not run.
Json facts_of(const Program& program, const Prepared& prepared);
bool leaves_out_start(const Program& program);
// How its resets were decided after so many cycles; null where there was nothing to decide.
Json chosen_of(SlotStore& store, const Tenant& tenant, uint64_t after_cycles);

// Of the store's memory, for each of so many instances alive; for each slot, once nothing is alive. Null: not known.
Json memory_of(SlotStore& store, uint64_t instances);
Json idle_memory_of(SlotStore& store);

// Sums over a run of cycles, a phase each; made before the run so that the run itself only adds numbers.
struct PhaseSums {
  std::array<os::Counters, kPhases> counters;
  std::array<os::Faults, kPhases> faults;

  void add(const CounterMarks& marks);
};
CounterSlopes slopes_between(const std::array<PhaseSums, 2>& runs, uint64_t short_cycles, uint64_t long_cycles);

// Two runs of different length: what they differ by is the cycles' own (a constant part cancels). `cycle` makes one with
// the marks that it is given.
template <typename Cycle>
CounterSlopes count_slopes(uint64_t short_cycles, uint64_t long_cycles, Cycle cycle) {
  CounterMarks marks;
  std::array<PhaseSums, 2> runs;
  cycle(marks);  // the pages of this very frame, copied on write since the trace pass forked, are not the cell's
  for (uint64_t i = 0; i < short_cycles; ++i) {
    cycle(marks);
    runs[0].add(marks);
  }
  for (uint64_t i = 0; i < long_cycles; ++i) {
    cycle(marks);
    runs[1].add(marks);
  }
  return slopes_between(runs, short_cycles, long_cycles);
}

}  // namespace instbench::bench
