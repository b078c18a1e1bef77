// The Mann-Whitney rank-sum test (1947) and what follows from it, for two independent samples a and b: logarithms of
// the times of processes that were not measured in blocks, as when one side is a saved result.
//
// As in signed_rank.hpp, with the differences b_j - a_i in place of the Walsh averages (Hollander & Wolfe, section
// 4.1-4.3): `shift` is the centre of b less the centre of a. Exact null, ties count against rejection.
// Values that are not finite are refused (std::invalid_argument). COST: memory O(n_a n_b), time min(n_a, n_b) times
// that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "harness/judge/interval.hpp"

namespace instbench::bench {

double shift(std::span<const double> a, std::span<const double> b);  // Hodges-Lehmann; refuses an empty sample

// P(U >= u) for samples of these sizes from one distribution.
double rank_sum_tail(size_t n_a, size_t n_b, uint64_t u);

// One-sided p of "the shift is <= threshold" and of "the shift is >= threshold".
double p_shift_greater(std::span<const double> a, std::span<const double> b, double threshold);
double p_shift_less(std::span<const double> a, std::span<const double> b, double threshold);

// No value where the samples are too small for a finite one: at 95 %, 3 and 3 give one side, 4 and 4 two.
std::optional<double> shift_upper_bound(std::span<const double> a, std::span<const double> b, double confidence);
std::optional<double> shift_lower_bound(std::span<const double> a, std::span<const double> b, double confidence);
std::optional<Interval> shift_interval(std::span<const double> a, std::span<const double> b, double confidence);

// Standard error of the shift: half the width of the 95 % interval over Student's t at the level it really has.
std::optional<double> shift_error(std::span<const double> a, std::span<const double> b);
// Sigma between processes, taken to be the same on both sides: error = sigma * sqrt((1/n_a + 1/n_b) / 0.955).
std::optional<double> shift_scatter(std::span<const double> a, std::span<const double> b);

}  // namespace instbench::bench
