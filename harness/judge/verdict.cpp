#include "harness/judge/verdict.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "harness/judge/family.hpp"
#include "harness/judge/rank_sum.hpp"
#include "harness/judge/signed_rank.hpp"
#include "harness/judge/student.hpp"
#include "harness/judge/values.hpp"

namespace instbench::bench {
namespace {

constexpr double kShown = 0.95;  // confidence of the intervals that are printed, and of the control's
constexpr const char* kTooFew = "too few blocks for a bound";
constexpr const char* kTooFewProcesses = "too few processes for a bound";
constexpr const char* kNoControl = "too few blocks of the control";
constexpr const char* kControlOutside = "control outside the tolerance";
constexpr const char* kUndecided = "the interval reaches the tolerance";

// Within the tolerance for sure on the slow side, and not seemingly beyond it on the fast side.
bool is_same(double estimate, std::optional<double> upper, double limit) {
  return upper && *upper < limit - kTie && estimate > -limit + kTie;
}

// Everything but the verdict, which needs the whole family.
Confirmed measure(const ConfirmInput& test, size_t tests, const Procedure& procedure) {
  const double limit = std::log1p(test.tolerance);
  Confirmed out;
  out.estimate = hodges_lehmann(test.d);
  out.interval = interval(test.d, kShown);
  out.p_regressed = p_greater(test.d, limit);
  out.p_improved = p_less(test.d, -limit);
  out.scatter = scatter(test.d);
  if (out.scatter) out.detectable = detectable(*out.scatter, test.tolerance, tests, test.d.size(), procedure);
  out.control = judge_control(test.control, test.tolerance);
  return out;
}

// At least as many as were not enough. Unknown when A's copy itself differs from A: more blocks do not mend that.
std::optional<size_t> blocks_needed(const ConfirmInput& test, const Confirmed& seen, size_t tests,
                                    const Procedure& procedure) {
  const double limit = std::log1p(test.tolerance);
  if (!seen.scatter || !seen.control.estimate || std::abs(*seen.control.estimate) >= limit) return std::nullopt;
  const auto blocks = blocks_to_settle(seen.estimate, *seen.scatter, limit, tests, procedure);
  return blocks ? std::optional(std::max(*blocks, test.d.size())) : std::nullopt;
}

void decide(const ConfirmInput& test, Confirmed& out, size_t tests, const Procedure& procedure) {
  const auto upper = upper_bound(test.d, 1 - procedure.screen_error);
  const bool same = is_same(out.estimate, upper, std::log1p(test.tolerance));
  if (!upper) {
    out.reason = kTooFew;
  } else if (!out.control.inside) {
    out.reason = out.control.interval ? kControlOutside : kNoControl;
  } else if (out.adjusted_p_regressed <= procedure.family_error) {
    out.verdict = Verdict::regressed;
  } else if (out.adjusted_p_improved <= procedure.family_error) {
    out.verdict = Verdict::improved;
  } else if (same) {
    out.verdict = Verdict::same;
  } else {
    out.reason = kUndecided;
  }
  if (out.verdict == Verdict::inconclusive) out.needs_blocks = blocks_needed(test, out, tests, procedure);
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  constexpr std::array<std::string_view, 4> names = {"improved", "same", "regressed", "inconclusive"};
  return names.at(static_cast<size_t>(verdict));
}

double tolerance_share(double a_median_ns, double share, double floor_ns) {
  if (!(a_median_ns > 0)) throw std::invalid_argument("cannot judge: the median time of A is not above zero");
  return std::max(share, std::min(1.0, floor_ns / a_median_ns));
}

Screened screen(std::span<const double> d, double tolerance, const Procedure& procedure) {
  Screened out;
  out.estimate = hodges_lehmann(d);
  out.interval = interval(d, kShown);
  out.upper_bound = upper_bound(d, 1 - procedure.screen_error);
  out.scatter = scatter(d);
  out.cleared = is_same(out.estimate, out.upper_bound, std::log1p(tolerance));
  return out;
}

Control judge_control(std::span<const double> d, double tolerance) {
  Control control;
  control.blocks = d.size();
  if (d.empty()) return control;
  const double limit = std::log1p(tolerance);
  control.estimate = hodges_lehmann(d);
  control.interval = interval(d, kShown);
  control.inside = control.interval && control.interval->low > -limit + kTie && control.interval->high < limit - kTie;
  return control;
}

std::vector<Confirmed> confirm(std::span<const ConfirmInput> tests, const Procedure& procedure) {
  std::vector<Confirmed> out;
  std::vector<double> p_regressed, p_improved;
  for (const ConfirmInput& test : tests) {
    out.push_back(measure(test, tests.size(), procedure));
    p_regressed.push_back(out.back().p_regressed);
    p_improved.push_back(out.back().p_improved);
  }
  const auto adjusted_regressed = holm_adjusted(p_regressed), adjusted_improved = holm_adjusted(p_improved);
  for (size_t i = 0; i < out.size(); ++i) {
    out[i].adjusted_p_regressed = adjusted_regressed[i];
    out[i].adjusted_p_improved = adjusted_improved[i];
    decide(tests[i], out[i], tests.size(), procedure);
  }
  return out;
}

Unpaired judge_unpaired(std::span<const double> ln_a, std::span<const double> ln_b, double tolerance, size_t tests,
                        const Procedure& procedure) {
  const double limit = std::log1p(tolerance);
  const double level = procedure.family_error / static_cast<double>(std::max<size_t>(tests, 1));
  Unpaired out;
  out.estimate = shift(ln_a, ln_b);
  out.interval = shift_interval(ln_a, ln_b, kShown);
  out.p_regressed = p_shift_greater(ln_a, ln_b, limit);
  out.p_improved = p_shift_less(ln_a, ln_b, -limit);
  out.scatter = shift_scatter(ln_a, ln_b);
  const bool can_reject = rank_sum_tail(ln_a.size(), ln_b.size(), uint64_t{ln_a.size()} * ln_b.size()) <= level;
  if (const auto error = shift_error(ln_a, ln_b); error && can_reject) {
    const double freedom = rank_freedom(ln_a.size() + ln_b.size() - 1);
    out.detectable = std::expm1(limit + student_distance(procedure.power, level, freedom) * *error);
  }
  const auto upper = shift_upper_bound(ln_a, ln_b, 1 - procedure.screen_error);
  if (out.p_regressed <= level) {
    out.verdict = Verdict::regressed;
  } else if (out.p_improved <= level) {
    out.verdict = Verdict::improved;
  } else if (is_same(out.estimate, upper, limit)) {
    out.verdict = Verdict::same;
  } else {
    out.reason = upper ? kUndecided : kTooFewProcesses;
  }
  return out;
}

std::optional<OrderEffect> order_effect(std::span<const double> signed_differences) {
  const auto around = interval(signed_differences, kShown);
  if (!around) return std::nullopt;
  return OrderEffect{hodges_lehmann(signed_differences), *around};
}

}  // namespace instbench::bench
