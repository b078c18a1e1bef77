#include "harness/judge/verdict.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace instbench::bench {
namespace {

// n values around a centre, evenly spread: a "measurement" without chance in it.
std::vector<double> around(double centre, double spread, size_t n = 24) {
  std::vector<double> d;
  for (size_t i = 0; i < n; ++i) {
    d.push_back(centre + spread * (2 * static_cast<double>(i) / static_cast<double>(n - 1) - 1));
  }
  return d;
}

Confirmed confirm_one(std::vector<double> d, std::vector<double> control = around(0, 0.01)) {
  const std::vector<ConfirmInput> tests = {{std::move(d), std::move(control), 0.03}};
  return confirm(tests).front();
}

TEST(Tolerance, TheLargerOfShareAndFloor) {
  EXPECT_DOUBLE_EQ(tolerance_share(1000, 0.03, 20), 0.03);
  EXPECT_DOUBLE_EQ(tolerance_share(100, 0.03, 20), 0.2);
  EXPECT_THROW(static_cast<void>(tolerance_share(0, 0.03, 20)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(tolerance_share(std::numeric_limits<double>::quiet_NaN(), 0.03, 20)),
               std::invalid_argument);
}

TEST(Screen, ClearsWhatIsWithinTheTolerance) {
  const auto seen = screen(around(0.005, 0.02, 18), 0.03);
  EXPECT_TRUE(seen.cleared);
  EXPECT_NEAR(seen.estimate, 0.005, 1e-12);
  ASSERT_TRUE(seen.interval && seen.upper_bound && seen.scatter);
  EXPECT_LT(*seen.upper_bound, seen.interval->high);
}

TEST(Screen, DoesNotClear) {
  EXPECT_FALSE(screen(around(0.05, 0.01, 18), 0.03).cleared);              // slower
  EXPECT_FALSE(screen(around(0.02, 0.06, 18), 0.03).cleared);              // too noisy to say
  EXPECT_FALSE(screen(around(-0.05, 0.01, 18), 0.03).cleared);             // faster: confirmed too
  EXPECT_FALSE(screen(around(0, 0.001, 4), 0.03).cleared);                 // too few
  EXPECT_FALSE(screen(std::vector<double>{0}, 0.03).cleared);              // one
  EXPECT_FALSE(screen(std::vector(18, std::log(1.03)), 0.03).cleared);     // exactly at the tolerance
  EXPECT_FALSE(screen(std::vector(18, -std::log1p(0.03)), 0.03).cleared);  // on either side
}

TEST(JudgeControl, IsInsideOnlyBetweenTheTolerances) {
  const auto inside = judge_control(around(0.005, 0.01), 0.03);
  EXPECT_TRUE(inside.inside);
  EXPECT_EQ(inside.blocks, 24U);
  EXPECT_NEAR(inside.estimate.value(), 0.005, 1e-12);
  for (const double at : {std::log1p(0.03), std::log(1.03), std::log(1030.0 / 1000), -std::log1p(0.03)})
    EXPECT_FALSE(judge_control(std::vector(24, at), 0.03).inside);
  EXPECT_FALSE(judge_control(around(0, 0.001, 4), 0.03).inside);  // too few for an interval
}

TEST(JudgeControl, WithoutBlocksNothingIsKnown) {
  const auto none = judge_control({}, 0.03);
  EXPECT_EQ(none.blocks, 0U);
  EXPECT_FALSE(none.estimate || none.interval || none.inside);
}

TEST(Confirm, Regressed) {
  const auto seen = confirm_one(around(0.08, 0.02));
  EXPECT_EQ(seen.verdict, Verdict::regressed);
  EXPECT_EQ(seen.reason, "");
  EXPECT_LT(seen.p_regressed, 0.01);
  EXPECT_EQ(seen.p_improved, 1);
  EXPECT_FALSE(seen.needs_blocks);
  EXPECT_TRUE(seen.control.inside);
  ASSERT_TRUE(seen.detectable && seen.scatter);
  EXPECT_GT(*seen.detectable, 0.03);
}

TEST(Confirm, ImprovedAndSame) {
  EXPECT_EQ(confirm_one(around(-1.9, 0.02)).verdict, Verdict::improved);
  EXPECT_EQ(confirm_one(around(0.002, 0.02)).verdict, Verdict::same);
  EXPECT_EQ(confirm_one(around(-0.02, 0.02)).verdict, Verdict::same);  // within the tolerance is not improved
}

TEST(Confirm, ExactlyAtTheToleranceIsNeither) {
  for (const double exact : {std::log1p(0.03), std::log(1.03), std::log(103.0 / 100.0), std::log(61800.0 / 60000.0)}) {
    for (const double effect : {exact, -exact}) {
      const auto seen = confirm_one(std::vector(60, effect), around(0, 0.01, 60));
      EXPECT_EQ(seen.verdict, Verdict::inconclusive);
      EXPECT_EQ(seen.reason, "the interval reaches the tolerance");
      EXPECT_FALSE(seen.needs_blocks);
    }
  }
}

TEST(Confirm, NothingIsSaidWhenTheControlIsNotInside) {
  for (const double effect : {0.3, 0.0, -0.3}) {
    const auto seen = confirm_one(around(effect, 0.01), around(0.05, 0.01));
    EXPECT_EQ(seen.verdict, Verdict::inconclusive);
    EXPECT_EQ(seen.reason, "control outside the tolerance");
    EXPECT_FALSE(seen.needs_blocks);  // A differs from its own copy: more of the same says nothing
    EXPECT_FALSE(seen.control.inside);
  }
}

TEST(Confirm, AWideControlIsNotInside) {  // "does not differ" would be no evidence
  const auto seen = confirm_one(around(0.3, 0.1), around(0, 0.15));
  EXPECT_EQ(seen.verdict, Verdict::inconclusive);
  EXPECT_EQ(seen.reason, "control outside the tolerance");
  ASSERT_TRUE(seen.needs_blocks);
  EXPECT_GT(*seen.needs_blocks, 24U);
}

TEST(Confirm, AControlExactlyAtTheToleranceIsNotInside) {
  EXPECT_FALSE(confirm_one(around(0.3, 0.01), std::vector(24, std::log(1.03))).control.inside);
}

TEST(Confirm, TheControlIsHeldToBothSides) {
  EXPECT_FALSE(confirm_one(around(0.3, 0.01), around(0.04, 0.005)).control.inside);
  EXPECT_FALSE(confirm_one(around(0.3, 0.01), around(-0.04, 0.005)).control.inside);
}

TEST(Confirm, NeverAsksForFewerBlocksThanWereNotEnough) {  // a steady effect, and a control that happened to be noisy
  const auto seen = confirm_one(around(0.3, 0.001, 36), around(0, 0.15, 36));
  EXPECT_EQ(seen.needs_blocks, 36U);
}

TEST(Confirm, WithoutControlNothingIsSaid) {
  const auto seen = confirm_one(around(0.3, 0.01), {});
  EXPECT_EQ(seen.verdict, Verdict::inconclusive);
  EXPECT_EQ(seen.reason, "too few blocks of the control");
  EXPECT_FALSE(seen.control.estimate);
}

TEST(Confirm, OneBlockSaysNothing) {
  const auto seen = confirm_one({0.7}, {0.0});
  EXPECT_EQ(seen.verdict, Verdict::inconclusive);
  EXPECT_EQ(seen.reason, "too few blocks for a bound");
  EXPECT_FALSE(seen.interval || seen.scatter || seen.detectable || seen.needs_blocks);
  EXPECT_EQ(seen.p_regressed, 0.5);
}

TEST(Confirm, UndecidedSaysHowManyBlocksWouldDo) {
  const auto seen = confirm_one(around(0.045, 0.07));
  EXPECT_EQ(seen.verdict, Verdict::inconclusive);
  EXPECT_EQ(seen.reason, "the interval reaches the tolerance");
  ASSERT_TRUE(seen.needs_blocks);
  EXPECT_GT(*seen.needs_blocks, 24U);
}

TEST(Confirm, HolmCountsEveryConfirmedTest) {
  const auto borderline = around(0.06, 0.06);  // p between 0.01 / 20 and 0.01
  ASSERT_EQ(confirm_one(borderline).verdict, Verdict::regressed);
  std::vector<ConfirmInput> tests(20, ConfirmInput{around(0, 0.06), around(0, 0.01), 0.03});
  tests[7].d = borderline;
  const auto family = confirm(tests);
  EXPECT_EQ(family[7].verdict, Verdict::inconclusive);
  EXPECT_DOUBLE_EQ(family[7].p_regressed, confirm_one(borderline).p_regressed);
  EXPECT_GT(family[7].adjusted_p_regressed, 0.01);
}

TEST(Confirm, AnswersKeepTheOrderOfTheTests) {
  const std::vector<ConfirmInput> tests = {{around(0, 0.01), around(0, 0.01), 0.03},
                                           {around(0.2, 0.01), around(0, 0.01), 0.03},
                                           {around(0.2, 0.01), around(0, 0.01), 0.5},  // 20 ns of a short cycle
                                           {around(-0.2, 0.01), around(0, 0.01), 0.03}};
  const auto seen = confirm(tests);
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(name_of(seen[0].verdict), "same");
  EXPECT_EQ(name_of(seen[1].verdict), "regressed");
  EXPECT_EQ(name_of(seen[2].verdict), "same");
  EXPECT_EQ(name_of(seen[3].verdict), "improved");
  EXPECT_TRUE(confirm({}).empty());
}

TEST(Confirm, RefusesWhatIsMissing) {
  EXPECT_THROW(confirm_one({}), std::invalid_argument);
  EXPECT_THROW(confirm_one({std::log(0.0)}), std::invalid_argument);
  EXPECT_THROW(confirm_one(around(0, 0.01), {std::numeric_limits<double>::quiet_NaN()}), std::invalid_argument);
}

TEST(JudgeUnpaired, FourVerdicts) {
  const auto a = around(7, 0.02, 12);
  const auto verdict = [&](double effect, size_t tests) {
    return judge_unpaired(a, around(7 + effect, 0.02, 12), 0.03, tests).verdict;
  };
  EXPECT_EQ(verdict(0.1, 1), Verdict::regressed);
  EXPECT_EQ(verdict(-0.1, 1), Verdict::improved);
  EXPECT_EQ(verdict(0, 1), Verdict::same);
  EXPECT_EQ(verdict(0.03, 1), Verdict::inconclusive);
  EXPECT_EQ(verdict(0.1, 1'000'000), Verdict::inconclusive);  // no p of 12 and 12 is that small
}

TEST(JudgeUnpaired, FewProcesses) {
  const auto two = judge_unpaired(around(7, 0.001, 2), around(8, 0.001, 2), 0.03, 1);
  EXPECT_EQ(two.verdict, Verdict::inconclusive);
  EXPECT_EQ(two.reason, "too few processes for a bound");
  EXPECT_FALSE(two.interval || two.scatter || two.detectable);
  const auto three = judge_unpaired(around(7, 0.001, 3), around(8, 0.001, 3), 0.03, 1);
  EXPECT_EQ(three.verdict, Verdict::inconclusive);  // 1/20 is not 1 %
  const auto five = judge_unpaired(around(7, 0.001, 5), around(8, 0.001, 5), 0.03, 1);
  EXPECT_EQ(five.verdict, Verdict::regressed);  // 1/252
  EXPECT_TRUE(five.interval && five.scatter && five.detectable);
}

TEST(OrderEffect, TheEffectOfRunningSecond) {
  EXPECT_FALSE(order_effect(around(0.01, 0.001, 5)));
  const auto effect = order_effect(around(0.01, 0.001, 36));
  ASSERT_TRUE(effect);
  EXPECT_NEAR(effect->estimate, 0.01, 1e-12);
  EXPECT_GT(effect->interval.low, 0);
  EXPECT_FALSE(order_effect({}));
}

}  // namespace
}  // namespace instbench::bench
