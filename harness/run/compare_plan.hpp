// The plan of a comparison of two arms: pilots, a screen of all cases, then fresh blocks of the cases that
// the screen did not clear. What a stage holds depends on what the one before it measured, and on nothing else, so
// the plan is a pure function of the run's settings and the lines recorded so far: a resumed run finds its place in it.
//
// A block is one process of each arm, side by side in turns or back to back (blocks.hpp). Round-robin over the cases, each
// round in an order of its own.
// Of every two blocks of a case one begins with A and one with B; with the control A′ in it, of every six blocks each
// has another of the six orders. Which comes first is drawn from the seed.
//
// A block in which a process waited for a CPU for more than 1 % of its timed batch is measured again after its stage, in
// the same order, as long as that adds at most a quarter to the blocks of its case. The rule never looks at a time.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/run/blocks.hpp"
#include "harness/run/plan.hpp"

namespace instbench::bench {

// Indices of a comparison's arms.
inline constexpr uint32_t kArmA = 0, kArmB = 1, kArmControl = 2;

// Orders of the arms in a case's blocks 0, 1, …: pairs of A and B, or triples with the control.
enum class BlockOf : uint8_t { pair, triple };
std::vector<uint32_t> arm_order(uint64_t seed, Role role, uint32_t case_index, uint32_t block, BlockOf kind);

struct Confirmation {
  uint32_t case_index = 0;
  uint32_t blocks = 0;
};

std::vector<Step> pilot_steps(std::span<const uint32_t> cases);
// `control_case` is the one of `cases` whose blocks hold the control too.
std::vector<Step> screen_steps(std::span<const uint32_t> cases, uint32_t control_case, uint32_t blocks, uint64_t seed);
std::vector<Step> confirm_steps(std::span<const Confirmation> cases, uint64_t seed);
// One more attempt at each of these blocks.
std::vector<Step> redo_steps(std::span<const Block> disturbed);

// The blocks of a stage to be measured again: disturbed ones that count, the first of each case within a quarter of its
// `planned` blocks, attempts already made included.
std::vector<Block> to_redo(std::span<const Block> blocks, Role stage);

}  // namespace instbench::bench
