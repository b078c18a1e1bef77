#include "harness/judge/signed_rank.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/judge/normal.hpp"
#include "harness/judge/student.hpp"
#include "harness/judge/values.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kExactBlocks = 512;     // 2^-512 is a normal double, and the table takes 20 ms
constexpr double kScatterLevel = 0.025;  // each side of the 95 % interval

uint64_t walsh_count(size_t n) { return uint64_t{n} * (n + 1) / 2; }

// P(W <= w) for every w: rank k joins W or not, each with probability 1/2. Sums of positive terms from the far tail on,
// so that small p keep their digits. The last n is kept: a stage judges its tests with one or a few numbers of blocks.
const std::vector<double>& null_cdf(size_t n) {
  thread_local size_t kept = 0;
  thread_local std::vector<double> cdf = {1.0};
  if (kept == n) return cdf;
  cdf.assign(walsh_count(n) + 1, 0.0);
  cdf[0] = 1;
  for (size_t rank = 1; rank <= n; ++rank) {
    for (size_t w = walsh_count(rank);; --w) {
      cdf[w] = 0.5 * (cdf[w] + (w >= rank ? cdf[w - rank] : 0.0));
      if (w == 0) break;
    }
  }
  for (size_t w = 1; w < cdf.size(); ++w) cdf[w] += cdf[w - 1];
  kept = n;
  return cdf;
}

// The smallest w with P(W >= w) <= level.
std::optional<uint64_t> critical(size_t n, double level) {
  uint64_t low = 0, high = walsh_count(n) + 1;  // INVARIANT: tail(low) > level >= tail(high)
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (signed_rank_tail(n, middle) <= level * kLevelSlack ? high : low) = middle;
  }
  if (high > walsh_count(n)) return std::nullopt;
  return high;
}

std::vector<double> walsh_averages(std::span<const double> d) {
  require_finite(d);
  std::vector<double> averages;
  averages.reserve(walsh_count(d.size()));
  for (size_t i = 0; i < d.size(); ++i) {
    for (size_t j = i; j < d.size(); ++j) averages.push_back(0.5 * (d[i] + d[j]));
  }
  return averages;
}

template <typename Counts>
double p_value(std::span<const double> d, Counts counts) {
  const auto averages = walsh_averages(d);
  return signed_rank_tail(d.size(), static_cast<uint64_t>(std::count_if(averages.begin(), averages.end(), counts)));
}

}  // namespace

double signed_rank_tail(size_t n, uint64_t w) {
  const uint64_t most = walsh_count(n);
  if (w == 0) return 1;
  if (w > most) return 0;
  if (n <= kExactBlocks) return null_cdf(n)[most - w];  // symmetric: P(W >= w) = P(W <= M - w)
  const double blocks = static_cast<double>(n);
  const double sigma = std::sqrt(blocks * (blocks + 1) * (2 * blocks + 1) / 24);
  return normal_cdf((0.5 * static_cast<double>(most) - static_cast<double>(w) + 0.5) / sigma);
}

double hodges_lehmann(std::span<const double> d) {
  require_some(d);
  auto averages = walsh_averages(d);
  return median(averages);
}

double p_greater(std::span<const double> d, double threshold) {
  return p_value(d, [threshold](double average) { return average > threshold + kTie; });
}

double p_less(std::span<const double> d, double threshold) {
  return p_value(d, [threshold](double average) { return average < threshold - kTie; });
}

std::optional<double> upper_bound(std::span<const double> d, double confidence) {
  const auto w = critical(d.size(), 1 - confidence);
  auto averages = walsh_averages(d);
  return w ? std::optional(ordered(averages, *w)) : std::nullopt;
}

std::optional<double> lower_bound(std::span<const double> d, double confidence) {
  const auto w = critical(d.size(), 1 - confidence);
  auto averages = walsh_averages(d);
  return w ? std::optional(ordered(averages, averages.size() + 1 - *w)) : std::nullopt;
}

std::optional<Interval> interval(std::span<const double> d, double confidence) {
  const double each_side = 1 - (1 - confidence) / 2;
  const auto low = lower_bound(d, each_side), high = upper_bound(d, each_side);
  return low && high ? std::optional(Interval{*low, *high}) : std::nullopt;
}

std::optional<double> scatter(std::span<const double> d) {
  const auto around = interval(d, 1 - 2 * kScatterLevel);
  if (!around) return std::nullopt;
  const double level = signed_rank_tail(d.size(), *critical(d.size(), kScatterLevel));
  const double error = (around->high - around->low) / (2 * student_quantile(level, rank_freedom(d.size())));
  return error * std::sqrt(kRankEfficiency * static_cast<double>(d.size()));
}

}  // namespace instbench::bench
