#include "harness/judge/family.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace instbench::bench {

std::vector<double> holm_adjusted(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t i, size_t j) { return p[i] < p[j]; });
  std::vector<double> adjusted(p.size());
  double so_far = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    so_far = std::max(so_far, std::min(1.0, static_cast<double>(p.size() - rank) * p[order[rank]]));
    adjusted[order[rank]] = so_far;
  }
  return adjusted;
}

std::vector<bool> holm_rejects(std::span<const double> p, double family_error) {
  const auto adjusted = holm_adjusted(p);
  std::vector<bool> rejected(p.size());
  std::transform(adjusted.begin(), adjusted.end(), rejected.begin(), [=](double a) { return a <= family_error; });
  return rejected;
}

double binomial_tail(size_t successes, size_t trials, double share) {
  if (successes == 0) return 1;
  double log_choose = 0, sum = 0;
  for (size_t k = 0; k <= trials; ++k) {
    const double hits = static_cast<double>(k), misses = static_cast<double>(trials - k);
    if (k >= successes) sum += std::exp(log_choose + hits * std::log(share) + misses * std::log1p(-share));
    log_choose += std::log(misses) - std::log(hits + 1);  // to the next k; not used after the last
  }
  return std::min(1.0, sum);
}

double binomial_two_sided(size_t successes, size_t trials) {
  return std::min(1.0, 2 * binomial_tail(std::max(successes, trials - successes), trials, 0.5));
}

}  // namespace instbench::bench
