// How many blocks a question needs, and how small a slowdown a procedure would find. Pure.
//
// The model: differences are normal with standard deviation `scatter`, the Hodges-Lehmann estimate of n blocks has the
// standard error scatter / sqrt(0.955 n), known as well as Student's with 0.955 n - 1 degrees of freedom. Effects and
// scatter are logarithms of ratios; tolerances and slowdowns are shares (0.03 is 3 %) unless the name says `_log`.
#pragma once

#include <cstddef>
#include <optional>

namespace instbench::bench {

// The two stages: the screen clears what is surely within the tolerance, the confirmation judges the rest.
struct Procedure {
  size_t screen_blocks = 18;
  double screen_error = 0.05;  // of the screen's one-sided upper bound, and of the confirmation's `same`
  double family_error = 0.01;  // of `regressed` over all confirmed tests, and again of `improved`
  size_t confirm_least = 18, confirm_most = 60;  // multiples of six: all orders of A, B and A′ equally often
  double power = 0.9;
};

// Blocks of a confirmation that finds a slowdown of 5/3 of the tolerance (5 % at 3 %) with the procedure's power, control
// included, at the first and strictest of Holm's levels, if the scatter is 1.3 times what the screen said: a multiple of
// six within the procedure's limits.
size_t confirm_blocks(double scatter, double tolerance_log, size_t tests, const Procedure& procedure);

// The smallest slowdown that the whole procedure calls regressed with its power: the screen must promote it, the
// confirmation reject, and the control's 95 % interval lie inside the tolerance (as if these were independent). None
// when no slowdown up to tenfold does: then the noise alone keeps the control from lying inside.
std::optional<double> detectable(double scatter, double tolerance, size_t tests, size_t confirm_n,
                                 const Procedure& procedure);

// Blocks of a confirmation that would settle an effect of this size with the procedure's power, control included: call
// it regressed or improved if it lies outside the tolerance, same if inside. A multiple of six; none above 2000, as
// when the effect lies at the tolerance.
std::optional<size_t> blocks_to_settle(double effect_log, double scatter, double tolerance_log, size_t tests,
                                       const Procedure& procedure);

}  // namespace instbench::bench
