#include "harness/judge/rank_sum.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/judge/student.hpp"
#include "harness/judge/values.hpp"

namespace instbench::bench {
namespace {

constexpr double kErrorLevel = 0.025;  // each side of the 95 % interval

// P(U <= u) for u up to the middle: the coefficients of the Gaussian binomial, the product over i = 1..m of
// (1 - q^(n+i)) / (1 - q^i), over their sum. One multiplication and one division of a polynomial for each i.
std::vector<long double> lower_half_cdf(size_t n_a, size_t n_b) {
  const size_t m = std::min(n_a, n_b), n = std::max(n_a, n_b), middle = m * n / 2;
  std::vector<long double> cdf(middle + 1, 0.0L);
  cdf[0] = 1;
  for (size_t i = 1; i <= m; ++i) {
    for (size_t u = middle; u >= n + i; --u) cdf[u] -= cdf[u - n - i];
    for (size_t u = i; u <= middle; ++u) cdf[u] += cdf[u - i];
    // Keeps the coefficients from overflow: after i steps they sum to 1 (over the whole range).
    for (auto& c : cdf) c *= static_cast<long double>(i) / static_cast<long double>(n + i);
  }
  for (size_t u = 1; u <= middle; ++u) cdf[u] += cdf[u - 1];
  return cdf;
}

double tail_from(const std::vector<long double>& cdf, size_t n_a, size_t n_b, uint64_t u) {
  const uint64_t most = uint64_t{n_a} * n_b;
  if (u == 0) return 1;
  if (u > most) return 0;
  const uint64_t below = most - u;  // symmetric: P(U >= u) = P(U <= most - u)
  return static_cast<double>(below < cdf.size() ? cdf[below] : 1 - cdf[u - 1]);
}

// The smallest u with P(U >= u) <= level, which is below one half.
std::optional<uint64_t> critical(size_t n_a, size_t n_b, double level) {
  const auto cdf = lower_half_cdf(n_a, n_b);
  const auto above = std::upper_bound(cdf.begin(), cdf.end(), static_cast<long double>(level * kLevelSlack));
  const auto within = static_cast<uint64_t>(above - cdf.begin());  // how many values of U, from 0 on, are rare enough
  if (within == 0) return std::nullopt;
  return uint64_t{n_a} * n_b + 1 - within;
}

std::vector<double> differences(std::span<const double> a, std::span<const double> b) {
  require_finite(a);
  require_finite(b);
  std::vector<double> all;
  all.reserve(a.size() * b.size());
  for (const double from : a) {
    for (const double to : b) all.push_back(to - from);
  }
  return all;
}

template <typename Counts>
double p_value(std::span<const double> a, std::span<const double> b, Counts counts) {
  const auto all = differences(a, b);
  return rank_sum_tail(a.size(), b.size(), static_cast<uint64_t>(std::count_if(all.begin(), all.end(), counts)));
}

}  // namespace

double rank_sum_tail(size_t n_a, size_t n_b, uint64_t u) { return tail_from(lower_half_cdf(n_a, n_b), n_a, n_b, u); }

double shift(std::span<const double> a, std::span<const double> b) {
  require_some(a);
  require_some(b);
  auto all = differences(a, b);
  return median(all);
}

double p_shift_greater(std::span<const double> a, std::span<const double> b, double threshold) {
  return p_value(a, b, [threshold](double difference) { return difference > threshold + kTie; });
}

double p_shift_less(std::span<const double> a, std::span<const double> b, double threshold) {
  return p_value(a, b, [threshold](double difference) { return difference < threshold - kTie; });
}

std::optional<double> shift_upper_bound(std::span<const double> a, std::span<const double> b, double confidence) {
  auto all = differences(a, b);
  const auto u = critical(a.size(), b.size(), 1 - confidence);
  return u ? std::optional(ordered(all, *u)) : std::nullopt;
}

std::optional<double> shift_lower_bound(std::span<const double> a, std::span<const double> b, double confidence) {
  auto all = differences(a, b);
  const auto u = critical(a.size(), b.size(), 1 - confidence);
  return u ? std::optional(ordered(all, all.size() + 1 - *u)) : std::nullopt;
}

std::optional<Interval> shift_interval(std::span<const double> a, std::span<const double> b, double confidence) {
  const double each_side = 1 - (1 - confidence) / 2;
  const auto low = shift_lower_bound(a, b, each_side), high = shift_upper_bound(a, b, each_side);
  return low && high ? std::optional(Interval{*low, *high}) : std::nullopt;
}

std::optional<double> shift_error(std::span<const double> a, std::span<const double> b) {
  const auto around = shift_interval(a, b, 1 - 2 * kErrorLevel);
  if (!around) return std::nullopt;
  const double level = rank_sum_tail(a.size(), b.size(), *critical(a.size(), b.size(), kErrorLevel));
  return (around->high - around->low) / (2 * student_quantile(level, rank_freedom(a.size() + b.size() - 1)));
}

std::optional<double> shift_scatter(std::span<const double> a, std::span<const double> b) {
  const auto error = shift_error(a, b);
  if (!error) return std::nullopt;
  return *error * std::sqrt(kRankEfficiency / (1 / static_cast<double>(a.size()) + 1 / static_cast<double>(b.size())));
}

}  // namespace instbench::bench
