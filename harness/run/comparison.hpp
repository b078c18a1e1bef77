// A comparison's journal -> the `comparison` of its result (harness/report/README.md). Pure: the same
// journal gives the same verdicts, whether the run ended, was stopped or was resumed.
#pragma once

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// Of a control's cell in a case that the screen cleared without one.
inline constexpr const char* kNotNeeded = "not needed: the screen cleared this case without a control";
// Of a cell whose own processes were all right when its case was given up.
inline constexpr const char* kGivenUp = "given up: the other arm did not measure this case";

// `cells` are the result's, already folded.
Json comparison_of(const Json& header, const std::vector<Json>& lines, const Json& cells);

// Of two results, one or both saved earlier: `a` is a cell's arm in `a_result`, `b` one in `b_result`. The clock does not
// gate unless `allow_unpaired`. Exact counters are compared where the kernel's features agree.
enum class UnpairedClock : uint8_t { shown, gates };
Json unpaired_comparison(const Json& a_result, const std::string& a, const Json& b_result, const std::string& b,
                         const Json& settings, UnpairedClock clock);

// The lines whose samples a cell is folded from: of a block that was measured again, the last attempt only.
std::vector<Json> counted_lines(const Json& header, const std::vector<Json>& lines);
bool comparison_is_complete(const Json& header, const std::vector<Json>& lines);

}  // namespace instbench::bench
