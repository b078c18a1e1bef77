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

enum class Role : uint8_t { pilot, block };
enum class Pilots : uint8_t { none, one_per_cell };

struct Step {
  uint32_t number = 0;  // in the plan, from 0
  uint32_t case_index = 0;
  uint32_t arm_index = 0;
  Role role = Role::block;
  uint32_t block = 0;     // round, from 0; 0 for pilots
  uint32_t position = 0;  // place among the arms of its case in this round
  bool operator==(const Step&) const = default;
};

std::vector<Step> make_plan(size_t cases, size_t arms, uint64_t seed, uint32_t blocks, Pilots pilots);

}  // namespace instbench::bench
