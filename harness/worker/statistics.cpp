#include "harness/worker/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace instbench::bench {
namespace {

// Linear between order statistics (type 7 of Hyndman and Fan, 1996).
double quantile(const std::vector<uint64_t>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  const double below = static_cast<double>(sorted[low]), above = static_cast<double>(sorted[high]);
  return below + (above - below) * (at - std::floor(at));
}

}  // namespace

std::optional<Distribution> distribution(std::vector<uint64_t>& values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  Distribution result;
  result.samples = values.size();
  for (const uint64_t value : values) result.mean += static_cast<double>(value) / static_cast<double>(values.size());
  result.min = static_cast<double>(values.front());
  result.p50 = quantile(values, 0.5);
  if (values.size() >= 100) result.p90 = quantile(values, 0.9);
  if (values.size() >= 300) result.p99 = quantile(values, 0.99);
  return result;
}

}  // namespace instbench::bench
