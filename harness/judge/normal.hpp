// The standard normal distribution, for planning. Pure.
#pragma once

namespace instbench::bench {

double normal_cdf(double x);
// REQUIRES: 0 < p < 1. Within 1e-12 of the true quantile as far as p itself can say (p near 1 has few digits left).
double normal_quantile(double p);

}  // namespace instbench::bench
