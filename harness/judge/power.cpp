#include "harness/judge/power.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/judge/normal.hpp"
#include "harness/judge/values.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kOrders = 6;       // of A, B and A′
constexpr size_t kMostBlocks = 2000;
constexpr double kControlZ = 1.959963984540054;  // of its two-sided 95 % interval

// `distance` in standard errors of the estimate of n blocks.
double standard(double distance, double scatter, size_t blocks) {
  if (std::abs(distance) < kTie) return 0;
  if (scatter == 0) return std::copysign(std::numeric_limits<double>::infinity(), distance);
  return distance / scatter * std::sqrt(kRankEfficiency * static_cast<double>(blocks));
}

// A test can be rejected at all: the smallest p of n blocks is 2^-n.
bool can_reject(size_t blocks, double level) { return std::exp2(-static_cast<double>(blocks)) <= level; }

// The chances of one test, at the levels of a procedure and a number of tests.
struct Chances {
  double scatter, limit;  // limit: ln(1 + tolerance)
  double level, level_z, screen_z;
  size_t screen_n;

  Chances(double sigma, double tolerance_log, size_t tests, const Procedure& procedure)
      : scatter(sigma),
        limit(tolerance_log),
        level(procedure.family_error / static_cast<double>(std::max<size_t>(tests, 1))),
        level_z(-normal_quantile(level)),
        screen_z(-normal_quantile(procedure.screen_error)),
        screen_n(procedure.screen_blocks) {}

  double promoted(double effect) const { return normal_cdf(standard(effect - limit, scatter, screen_n) + screen_z); }

  // The confirmation rejects "the effect lies within the tolerance", for an effect outside it, on either side.
  double rejected(double effect, size_t n) const {
    return can_reject(n, level) ? normal_cdf(standard(std::abs(effect) - limit, scatter, n) - level_z) : 0;
  }

  // Upper bound below the limit, estimate above its negative.
  double same(double effect, size_t n) const {
    return normal_cdf(standard(limit - effect, scatter, n) - screen_z) - normal_cdf(standard(-limit - effect, scatter, n));
  }

  double control_inside(size_t n) const { return std::max(0.0, 2 * normal_cdf(standard(limit, scatter, n) - kControlZ) - 1); }
};

}  // namespace

size_t confirm_blocks(double scatter, double tolerance_log, size_t tests, const Procedure& procedure) {
  const Chances chances(scatter, tolerance_log, tests, procedure);
  const double distance = std::log1p(std::expm1(tolerance_log) * 5 / 3) - tolerance_log;
  const double root = (chances.level_z + normal_quantile(procedure.power)) * scatter / distance;
  const double most = static_cast<double>(procedure.confirm_most);
  auto blocks = static_cast<size_t>(std::ceil(std::min(root * root / kRankEfficiency, most)));
  while (blocks < procedure.confirm_most && (blocks % kOrders != 0 || !can_reject(blocks, chances.level))) ++blocks;
  return std::clamp(blocks, procedure.confirm_least, procedure.confirm_most);
}

std::optional<double> detectable(double scatter, double tolerance, size_t tests, size_t confirm_n, const Procedure& procedure) {
  const double limit = std::log1p(tolerance);
  const Chances chances(scatter, limit, tests, procedure);
  const auto found = [&](double effect) {
    return chances.promoted(effect) * chances.rejected(effect, confirm_n) * chances.control_inside(confirm_n) >= procedure.power;
  };
  double low = limit, high = limit + std::log(10.0);
  if (!found(high)) return std::nullopt;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (found(middle) ? high : low) = middle;
  }
  return std::expm1(high);
}

std::optional<size_t> blocks_to_settle(double effect_log, double scatter, double tolerance_log, size_t tests,
                                       const Procedure& procedure) {
  const Chances chances(scatter, tolerance_log, tests, procedure);
  const bool outside = std::abs(effect_log) > tolerance_log;
  for (size_t n = kOrders; n <= kMostBlocks; n += kOrders) {
    const double decided = outside ? chances.rejected(effect_log, n) : chances.same(effect_log, n);
    if (decided * chances.control_inside(n) >= procedure.power) return n;
  }
  return std::nullopt;
}

}  // namespace instbench::bench
