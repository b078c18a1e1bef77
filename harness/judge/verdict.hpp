// The rule: what a comparison says about each test (case x metric), from its blocks alone. Pure.
//
//   screen    18 blocks of A and B. A test whose one-sided 95 % upper bound of ln(B/A) lies below the tolerance is
//             `same`, unless its estimate is faster than the tolerance: `improved` is not said on screening data.
//   confirm   every other test, on fresh blocks of A, B and A′ (a copy of A): Holm over the confirmed tests, and
//             nothing is said unless A′'s two-sided 95 % interval against A lies inside the tolerance.
//   unpaired  one side was saved earlier: rank-sum in place of signed-rank, no control.
// The confirmation uses no screening data, so its levels need no splitting and its estimate is not the luckiest of two.
// An effect exactly at the tolerance is neither regressed nor same.
// Values are logarithms of ratios, those that are not finite are refused; `tolerance` is a share, above zero.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/interval.hpp"
#include "harness/judge/power.hpp"

namespace instbench::bench {

enum class Verdict { improved, same, regressed, inconclusive };
std::string_view name_of(Verdict verdict);

// The larger of a share and a time as a share of A's median: 20 ns of a 150 ns cycle are 13 %.
double tolerance_share(double a_median_ns, double share, double floor_ns);

struct Screened {
  double estimate = 0;
  std::optional<Interval> interval;   // two-sided 95 %
  std::optional<double> upper_bound;  // one-sided 95 %
  std::optional<double> scatter;
  bool cleared = false;  // `same`
};
Screened screen(std::span<const double> d, double tolerance, const Procedure& procedure = {});

struct Control {
  size_t blocks = 0;
  std::optional<double> estimate;    // none without blocks
  std::optional<Interval> interval;  // two-sided 95 %
  bool inside = false;               // the interval lies inside the tolerance
};
// From ln(A′/A) of each block that holds the control.
Control judge_control(std::span<const double> d, double tolerance);

struct ConfirmInput {
  std::vector<double> d;        // ln(B/A) of each fresh block
  std::vector<double> control;  // ln(A′/A) of the same blocks
  double tolerance = 0;
};

struct Confirmed {
  double estimate = 0;
  std::optional<Interval> interval;                          // two-sided 95 %
  double p_regressed = 1, p_improved = 1;                    // one-sided, of this test alone
  double adjusted_p_regressed = 1, adjusted_p_improved = 1;  // Holm's, compared with the family error
  std::optional<double> scatter;
  std::optional<double> detectable;  // a share
  Verdict verdict = Verdict::inconclusive;
  std::string reason;                  // why it is inconclusive; empty otherwise
  std::optional<size_t> needs_blocks;  // inconclusive: blocks that would settle it, if that can be said
  Control control;
};
// The answers keep the order of the tests. Refuses a test without any block.
std::vector<Confirmed> confirm(std::span<const ConfirmInput> tests, const Procedure& procedure = {});

struct Unpaired {
  double estimate = 0;
  std::optional<Interval> interval;  // two-sided 95 %
  double p_regressed = 1, p_improved = 1;
  std::optional<double> scatter;     // between processes
  std::optional<double> detectable;  // a share
  Verdict verdict = Verdict::inconclusive;
  std::string reason;
};
// `tests` are judged together: regressed and improved at family_error / tests. It cannot know what changed on the
// machine between the two measurements; that is what blocks and A′ are for.
Unpaired judge_unpaired(std::span<const double> ln_a, std::span<const double> ln_b, double tolerance, size_t tests,
                        const Procedure& procedure = {});

struct OrderEffect {
  double estimate = 0;
  Interval interval;  // two-sided 95 %
};
// The effect of running second, all cases together: for each block its d less its case's estimate, times +1 if B ran
// second, -1 if A did. None below six blocks.
std::optional<OrderEffect> order_effect(std::span<const double> signed_differences);

}  // namespace instbench::bench
