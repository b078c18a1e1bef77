// A comparison as a table for a terminal of 120 columns: one row per test with its interval, its verdict, the smallest
// slowdown that would have been found, and the control beside it; a row per changed exact counter. Then what never
// gates, what was left out and why, what disturbed the run, and a closing line that says what to type next. Pure.
#pragma once

#include <string>

#include "harness/report/table.hpp"

namespace instbench::bench {

std::string comparison_text(const Json& result, const TableOptions& options);

}  // namespace instbench::bench
