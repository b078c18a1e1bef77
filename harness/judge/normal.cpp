#include "harness/judge/normal.hpp"

#include <cmath>
#include <numbers>

namespace instbench::bench {

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// Abramowitz & Stegun 26.2.23 (error below 4.5e-4), then Newton's method in the lower tail, where the cdf keeps digits.
double normal_quantile(double p) {
  if (p > 0.5) return -normal_quantile(1 - p);
  const double t = std::sqrt(-2 * std::log(p));
  double x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (int step = 0; step < 4; ++step) {
    const double density = std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
    x -= (normal_cdf(x) - p) / density;
  }
  return x;
}

}  // namespace instbench::bench
