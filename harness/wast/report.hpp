// Tallies as text for people. Pure.
#pragma once

#include <string>
#include <vector>

#include "harness/wast/outcome.hpp"

namespace instbench::bench {

struct ArmTally {
  std::string arm;
  Tally tally;
};

// Each failure once, with the arms that have it: "FILE:LINE: expected (i32:1), got (i32:2)  [core:pool]".
std::string failures_text(const std::vector<ArmTally>& arms);

// A line per arm, then each reason for skipping with its count, then the line that ends the report:
// "N passed, N failed, N skipped", over all arms.
std::string table_text(const std::vector<ArmTally>& arms);

}  // namespace instbench::bench
