// Wilcoxon's signed-rank test (1945) and what follows from it, for paired differences d: ln(B/A), one for each block.
//
// All of it comes from the M = n(n+1)/2 Walsh averages (d_i + d_j)/2, i <= j (Hollander & Wolfe, section 3.1-3.3):
// their median is the estimate (Hodges & Lehmann 1963), how many lie beyond a threshold is the statistic of the test
// there, and the ordered ones are the ends of the intervals. So p and interval cannot disagree:
//   upper_bound(d, 1 - a) < t  exactly when  p_less(d, t) <= a.
// The null distribution is exact, by dynamic programming. A Walsh average that equals the threshold counts against
// rejection, so ties make a test more careful, never less.
// Values that are not finite are refused (std::invalid_argument). COST: time and memory O(n^2), O(n^3) for a new n.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "harness/judge/interval.hpp"

namespace instbench::bench {

double hodges_lehmann(std::span<const double> d);  // refuses an empty d

// P(W >= w) for n differences symmetric about zero. Exact up to n = 512, by the normal distribution beyond.
double signed_rank_tail(size_t n, uint64_t w);

double p_greater(std::span<const double> d, double threshold);  // one-sided p of "the centre is <= threshold"
double p_less(std::span<const double> d, double threshold);     // one-sided p of "the centre is >= threshold"

// No value where n is too small for a finite one: below 5 for one side at 95 %, below 6 for two.
std::optional<double> upper_bound(std::span<const double> d, double confidence);  // one-sided
std::optional<double> lower_bound(std::span<const double> d, double confidence);  // one-sided
std::optional<Interval> interval(std::span<const double> d, double confidence);   // two-sided

// Sigma of d between blocks, robust: that of the normal sample whose signed-rank interval would be as wide as this one,
//   sigma = (high - low) / (2 t) * sqrt(0.955 n),
// t: Student's with 0.955 n - 1 degrees of freedom, at the level that the 95 % interval really has (97 % at n = 6).
std::optional<double> scatter(std::span<const double> d);

}  // namespace instbench::bench
