// The plan: cases × arms × blocks as an explicit, ordered list of worker processes. Pure, and the same
// for the same seed on every machine, so that a resumed run continues exactly where it stopped.
//
// First every cell's pilot (it finds the batch length and fails early), then `blocks` rounds. A round
// goes over all cases in an order of its own, and inside a case runs all arms back to back, so that
// drift of the machine falls on all arms of a case alike. The order of the arms is rotated and reversed
// from block to block: over 2k blocks of k arms, each arm holds each place twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace instbench::bench {

// `screen` and `confirm` are the blocks of a comparison's two stages (compare_plan.hpp).
enum class Role : uint8_t { pilot, block, screen, confirm };
const char* name_of(Role role);
enum class Pilots : uint8_t { none, one_per_cell };

struct Step {
  uint32_t number = 0;  // in the plan, from 0
  uint32_t case_index = 0;
  uint32_t arm_index = 0;
  Role role = Role::block;
  uint32_t block = 0;     // round, from 0; 0 for pilots
  uint32_t position = 0;  // place among the arms of its case in this round
  uint32_t attempt = 0;   // above 0: the block is measured again, since it had waited for a CPU
  uint32_t of = 1;        // processes in its block
  bool operator==(const Step&) const = default;
};

// 0, 1, … count−1 in an order drawn from (seed, salt): the same on every machine.
std::vector<uint32_t> shuffled(size_t count, uint64_t seed, uint64_t salt);

std::vector<Step> make_plan(size_t cases, size_t arms, uint64_t seed, uint32_t blocks, Pilots pilots);

}  // namespace instbench::bench
