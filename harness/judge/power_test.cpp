#include "harness/judge/power.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/judge/normal.hpp"

namespace instbench::bench {
namespace {

const double kThreePercent = std::log1p(0.03);

TEST(Normal, QuantilesOfThePublishedTable) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-12);
  EXPECT_NEAR(normal_quantile(0.95), 1.644853626951473, 1e-12);
  EXPECT_NEAR(normal_quantile(0.9), 1.2815515655446004, 1e-12);
  EXPECT_NEAR(normal_quantile(1e-9), -5.9978070150076869, 1e-9);
  EXPECT_EQ(normal_cdf(0), 0.5);
  EXPECT_NEAR(normal_quantile(0.5), 0, 1e-12);
  EXPECT_NEAR(normal_cdf(normal_quantile(0.123)), 0.123, 1e-14);
}

TEST(ConfirmBlocks, FindFivePercentThoughTheScatterIsThirtyPercentLarger) {
  for (const size_t tests : {size_t{1}, size_t{5}}) {
    for (const double scatter : {0.01, 0.015, 0.02}) {
      const size_t blocks = confirm_blocks(scatter, kThreePercent, tests, {});
      ASSERT_LT(blocks, 60U);
      EXPECT_LE(detectable(1.3 * scatter, 0.03, tests, blocks, {}).value(), 0.0501) << scatter;
      if (blocks > 18) {
        EXPECT_GT(detectable(1.3 * scatter, 0.03, tests, blocks - 6, {}).value(), 0.05) << scatter;
      }
    }
  }
}

TEST(ConfirmBlocks, StaysWithinItsLimitsInMultiplesOfSix) {
  for (const double scatter : {0.0, 0.001, 0.011, 0.02, 0.025, 0.04, 0.5, 1e9}) {
    for (const size_t tests : {size_t{0}, size_t{1}, size_t{7}, size_t{1000}}) {
      const size_t blocks = confirm_blocks(scatter, kThreePercent, tests, {});
      EXPECT_EQ(blocks % 6, 0U);
      EXPECT_GE(blocks, 18U);
      EXPECT_LE(blocks, 60U);
    }
  }
  EXPECT_EQ(confirm_blocks(0.001, kThreePercent, 1, {}), 18U);
  EXPECT_EQ(confirm_blocks(1e9, kThreePercent, 1, {}), 60U);
}

TEST(ConfirmBlocks, ManyTestsNeedBlocksThatCanRejectAtAll) {  // 2^-18 is more than 0.01 / 10000
  EXPECT_EQ(confirm_blocks(0.0001, kThreePercent, 10'000, {}), 24U);
}

TEST(Detectable, GrowsWithScatterAndTestsAndStaysAboveTheTolerance) {
  double last = 0.03;
  for (const double scatter : {0.005, 0.01, 0.02, 0.03}) {
    const double found = detectable(scatter, 0.03, 1, 24, {}).value();
    EXPECT_GT(found, last);
    EXPECT_GT(detectable(scatter, 0.03, 10, 24, {}).value(), found);
    EXPECT_LT(detectable(scatter, 0.03, 1, 60, {}).value(), found);
    last = found;
  }
}

TEST(Detectable, UnknownWhereNoiseKeepsTheControlOut) {
  EXPECT_FALSE(detectable(0.15, 0.03, 1, 60, {}));
  EXPECT_FALSE(detectable(0.01, 0.03, 1, 6, {}));  // six blocks cannot reject at 1 %
}

TEST(Detectable,
     CountsTheScreen) {  // one that clears a fifth of what lies at the tolerance misses what the rest would find
  Procedure lax;
  lax.screen_error = 0.2;
  EXPECT_GT(detectable(0.02, 0.03, 1, 600, lax).value(), detectable(0.02, 0.03, 1, 600, {}).value());
}

TEST(Detectable, WithoutScatterItIsTheTolerance) { EXPECT_NEAR(detectable(0, 0.03, 1, 18, {}).value(), 0.03, 1e-9); }

TEST(BlocksToSettle, NoneAtTheTolerance) {
  EXPECT_FALSE(blocks_to_settle(kThreePercent, 0.02, kThreePercent, 1, {}));
  EXPECT_FALSE(blocks_to_settle(kThreePercent + 0.0005, 0.02, kThreePercent, 1, {}));
  EXPECT_FALSE(blocks_to_settle(-kThreePercent, 0.02, kThreePercent, 1, {}));
  EXPECT_FALSE(blocks_to_settle(kThreePercent, 0, kThreePercent, 1, {}));
}

TEST(BlocksToSettle, FewerTheFartherFromTheTolerance) {
  const auto blocks = [](double effect) { return blocks_to_settle(effect, 0.04, kThreePercent, 1, {}).value(); };
  EXPECT_GT(blocks(0.04), blocks(0.05));
  EXPECT_GT(blocks(0.05), blocks(0.08));
  EXPECT_GT(blocks(0.02), blocks(0.01));
  EXPECT_EQ(blocks(0.05), blocks(-0.05));
  EXPECT_EQ(blocks(0.05) % 6, 0U);
}

TEST(BlocksToSettle, AtLeastWhatTheControlNeeds) {
  const auto far = blocks_to_settle(2, 0.08, kThreePercent, 1, {});
  ASSERT_TRUE(far);
  EXPECT_GT(*far, 60U);
}

}  // namespace
}  // namespace instbench::bench
