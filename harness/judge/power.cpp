#include "harness/judge/power.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/judge/normal.hpp"
#include "harness/judge/student.hpp"
#include "harness/judge/values.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kOrders = 6;  // of A, B and A′
constexpr size_t kMostBlocks = 2000;
// The upper 90 % bound of a standard deviation estimated from 18 blocks: sqrt(17 / chi2(0.1; 17)). Planned by the estimate
// itself, two of five confirmations of a real 5 % were too short on a machine whose noise comes and goes.
constexpr double kScatterMargin = 1.3;
constexpr double kControlError = 0.025;  // each side of its two-sided 95 % interval

// No test of n blocks has a smaller p than 2^-n.
bool can_reject(size_t n, double level) { return std::exp2(-static_cast<double>(n)) <= level; }

double strictest_level(size_t tests, const Procedure& procedure) {
  return procedure.family_error / static_cast<double>(std::max<size_t>(tests, 1));
}

// The chances of one test with n blocks.
struct Chances {
  double scatter, limit;  // limit: ln(1 + tolerance)
  size_t n;

  double standard_errors(double distance) const {
    if (std::abs(distance) < kTie) return 0;
    if (scatter == 0) return std::copysign(std::numeric_limits<double>::infinity(), distance);
    return distance / scatter * std::sqrt(kRankEfficiency * static_cast<double>(n));
  }
  // That a one-sided test rejects a threshold when the truth lies `distance` beyond it.
  double rejects(double distance, double level) const {
    if (!can_reject(n, level)) return 0;
    return student_power(standard_errors(distance), level, rank_freedom(n));
  }
  // Upper bound below the tolerance, estimate not beyond it on the fast side.
  double same(double effect, double error) const {
    return std::max(0.0, rejects(limit - effect, error) - normal_cdf(standard_errors(-limit - effect)));
  }
  double control_inside() const { return std::max(0.0, 2 * rejects(limit, kControlError) - 1); }
};

}  // namespace

size_t confirm_blocks(double scatter, double tolerance_log, size_t tests, const Procedure& procedure) {
  const double level = strictest_level(tests, procedure);
  const double distance = std::log1p(std::expm1(tolerance_log) * 5 / 3) - tolerance_log;
  for (size_t blocks = procedure.confirm_least; blocks < procedure.confirm_most; blocks += kOrders) {
    const Chances confirm{kScatterMargin * scatter, tolerance_log, blocks};
    if (confirm.rejects(distance, level) * confirm.control_inside() >= procedure.power) return blocks;
  }
  return procedure.confirm_most;
}

std::optional<double> detectable(double scatter, double tolerance, size_t tests, size_t confirm_n,
                                 const Procedure& procedure) {
  const double limit = std::log1p(tolerance), level = strictest_level(tests, procedure);
  const Chances screen{scatter, limit, procedure.screen_blocks}, confirm{scatter, limit, confirm_n};
  const auto found = [&](double effect) {
    const double promoted = 1 - screen.rejects(limit - effect, procedure.screen_error);
    return promoted * confirm.rejects(effect - limit, level) * confirm.control_inside() >= procedure.power;
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
  const double beyond = std::abs(effect_log) - tolerance_log, level = strictest_level(tests, procedure);
  for (size_t n = kOrders; n <= kMostBlocks; n += kOrders) {
    const Chances chances{scatter, tolerance_log, n};
    const double decided =
        beyond > 0 ? chances.rejects(beyond, level) : chances.same(effect_log, procedure.screen_error);
    if (decided * chances.control_inside() >= procedure.power) return n;
  }
  return std::nullopt;
}

}  // namespace instbench::bench
