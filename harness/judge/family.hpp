// Many tests at once, and counts of a coin. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace instbench::bench {

// Holm (1979): the chance of even one false rejection among these tests is at most `family_error`, dependent or not.
// An adjusted p is the smallest family error at which its test is rejected; both keep the order of `p`.
std::vector<double> holm_adjusted(std::span<const double> p);
std::vector<bool> holm_rejects(std::span<const double> p, double family_error);

double binomial_tail(size_t successes, size_t trials, double share);  // P(X >= successes)
double binomial_two_sided(size_t successes, size_t trials);           // for a fair coin

}  // namespace instbench::bench
