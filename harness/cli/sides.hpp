// The two sides of a comparison: what the user wrote behind --a and --b (or two modules) -> cases and arms, each arm with
// the worker binary that measures it.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "harness/build/arm_text.hpp"
#include "harness/cli/selection.hpp"

namespace instbench::bench {

struct SidesWanted {
  std::string a, b;  // arms or saved results; both empty: the two modules that are named
  Wanted wanted;     // names, workloads; at most one --arm, the strategy of two modules
};

struct Sides {
  Selection selection;  // its arms are A, B and A′, in this order; without A where that is a saved result
  std::optional<SavedResult> saved_a, saved_b;
};

// Ctrl-C came while a revision was being built.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

// made: revisions are built, which can take minutes. named: they are only looked up, for a plan that nobody runs; then
// their arms have no worker.
enum class Builds : uint8_t { made, named };

// Runs other binaries with --version. Throws UsageError, ArmError, Interrupted.
Sides select_sides(const Manifest& manifest, const SidesWanted& wanted, Builds builds);

}  // namespace instbench::bench
