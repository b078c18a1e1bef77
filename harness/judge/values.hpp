// What the judge's own files share: how values compare, which are refused, order statistics. Not for other layers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace instbench::bench {

// Logarithms of ratios nearer than this are equal: ln(1.03 a / a) and log1p(0.03) differ in the last bit.
constexpr double kTie = 1e-12;

// Of a level: 1 - 0.95 is not 0.05 in binary, and three processes against three have p = 0.05 exactly.
constexpr double kLevelSlack = 1 + 1e-9;

// Asymptotic relative efficiency of the rank tests against the t tests for normal data (Hodges & Lehmann 1956): a rank
// interval is as wide as a t interval from 0.955 times as many values.
constexpr double kRankEfficiency = 0.954929658551372;  // 3/pi
inline double rank_freedom(size_t n) { return kRankEfficiency * static_cast<double>(n) - 1; }

// A time that is zero, negative or missing has no logarithm. It is refused, since in a comparison NaN is "not slower".
inline void require_finite(std::span<const double> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw std::invalid_argument("cannot judge: value " + std::to_string(i + 1) + " of " +
                                  std::to_string(values.size()) +
                                  " is not a finite number (is a measured time zero or missing?)");
    }
  }
}

inline void require_some(std::span<const double> values) {
  if (values.empty()) throw std::invalid_argument("cannot judge: no values (was no block measured?)");
}

// REQUIRES, below: not empty. They reorder the values. The k-th smallest counts from 1.
inline double ordered(std::vector<double>& values, uint64_t k) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

inline double median(std::vector<double>& values) {
  return 0.5 * (ordered(values, (values.size() + 1) / 2) + ordered(values, values.size() / 2 + 1));
}

}  // namespace instbench::bench
