// What a cycle of calls takes beyond the same calls in an instance that is never reset (`floor.kept_call_ns`).
#pragma once

#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// "core:best 990 ns on top of 506 ns": the overhead, and the calls themselves. "core:best < 10 % on top of 140 µs" where it is
// less than that share of the calls, which is too little to tell: also where the cycle is the shorter one. Empty: not known.
std::string call_overhead_text(const Json& cell);

// For each arm of a result but the reference "core:best 7.13× less (12 cases; in 3 one of the two is below 10 %)": the geometric mean, over the cases in
// which both have 10 % or more, of the reference's to the arm's. Of an engine with several arms, of which the reference
// is none, one more text: in each case the arm with the least.
std::vector<std::string> call_overhead_means(const Json& result, const std::string& reference);

}  // namespace instbench::bench
