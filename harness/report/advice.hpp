// Advice from the cells of one run: which strategy of the core, and which settings of Wasmtime, make a cycle cheapest over
// the conditions measured, with the figures it rests on. Pure.
#pragma once

#include <string>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// Arms are taken to be named from the simplest to the most elaborate, the engine's reference first: a later arm is
// advised only when it is more than kWorthIt faster (geometric mean over the cases that all arms of its engine have).
inline constexpr double kWorthIt = 0.05;
// REQUIRES: the result of a run (schema instbench-result/1). Says so when nothing was measured.
std::string advice_text(const Json& result);

}  // namespace instbench::bench
