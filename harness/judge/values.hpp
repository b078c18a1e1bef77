// What the judge's files share about their input.
#pragma once

#include <cmath>
#include <span>
#include <stdexcept>
#include <string>

namespace instbench::bench {

struct Interval {
  double low = 0, high = 0;
};

// Logarithms of ratios nearer than this are equal: ln(1.03 a / a) and log1p(0.03) differ in the last bit, times by far more.
constexpr double kTie = 1e-12;

// Asymptotic relative efficiency of the rank tests against the t tests for normal data (Hodges & Lehmann 1956): a rank
// interval is as wide as a t interval from 0.955 times as many values.
constexpr double kRankEfficiency = 0.954929658551372;  // 3/pi

// A time that is zero, negative or missing has no logarithm. It is refused here, once: in a comparison NaN would be "not slower".
inline void require_finite(std::span<const double> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw std::invalid_argument("cannot judge: value " + std::to_string(i + 1) + " of " + std::to_string(values.size()) +
                                  " is not a finite number (is a measured time zero or missing?)");
    }
  }
}

inline void require_some(std::span<const double> values) {
  if (values.empty()) throw std::invalid_argument("cannot judge: no values (was no block measured?)");
}

}  // namespace instbench::bench
