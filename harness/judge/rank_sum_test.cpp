#include "harness/judge/rank_sum.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <vector>

namespace instbench::bench {
namespace {

TEST(RankSum, CriticalValuesOfThePublishedTable) {  // Mann & Whitney's U: reject at U <= critical
  struct Row {
    size_t m, n;
    double level;
    uint64_t critical;
  };
  for (const auto& [m, n, level, critical] : std::vector<Row>{{5, 5, 0.025, 2},
                                                              {5, 8, 0.025, 6},
                                                              {8, 8, 0.025, 13},
                                                              {10, 10, 0.025, 23},
                                                              {20, 20, 0.025, 127},
                                                              {5, 5, 0.05, 4},
                                                              {10, 10, 0.05, 27},
                                                              {20, 20, 0.05, 138}}) {
    EXPECT_LE(rank_sum_tail(m, n, m * n - critical), level) << m << "," << n;
    EXPECT_GT(rank_sum_tail(m, n, m * n - critical - 1), level) << m << "," << n;
  }
}

TEST(RankSum, ByHand) {
  const std::vector<double> a = {0, 1}, b = {3, 5};  // differences: 2 3 4 5
  EXPECT_DOUBLE_EQ(shift(a, b), 3.5);
  EXPECT_DOUBLE_EQ(p_shift_greater(a, b, 0), 1.0 / 6);
  EXPECT_DOUBLE_EQ(p_shift_greater(a, b, 2), 2.0 / 6);  // the tie does not count
  EXPECT_DOUBLE_EQ(p_shift_less(a, b, 6), 1.0 / 6);
  EXPECT_EQ(shift_upper_bound(a, b, 0.8), 5);
  EXPECT_EQ(shift_lower_bound(a, b, 0.8), 2);
}

TEST(RankSum, BothTailsAreOneDistribution) {
  for (uint64_t u = 0; u <= 12; ++u) {
    EXPECT_NEAR(rank_sum_tail(3, 4, u) + rank_sum_tail(4, 3, 13 - u), 1, 1e-12) << u;
  }
}

TEST(RankSum, TooFewProcessesHaveNoBound) {
  const std::vector<double> two = {0, 1}, three = {0, 1, 2}, four = {0, 1, 2, 3};
  EXPECT_FALSE(shift_upper_bound(two, three, 0.95));
  EXPECT_TRUE(shift_upper_bound(three, three, 0.95));  // p = 1/20 exactly
  EXPECT_FALSE(shift_interval(three, three, 0.95));
  EXPECT_TRUE(shift_interval(four, four, 0.95));
  EXPECT_FALSE(shift_scatter(three, three));
  EXPECT_FALSE(shift_interval({}, four, 0.95));
  EXPECT_EQ(p_shift_greater({}, four, 0), 1);
}

TEST(RankSum, LargeSamplesStayFinite) {
  EXPECT_NEAR(rank_sum_tail(400, 400, 80'000), 0.5, 0.001);
  EXPECT_GT(rank_sum_tail(400, 400, 160'000), 0);
}

TEST(RankSum, RefusesWhatIsNotFinite) {
  const std::vector<double> good = {0, 1, 2, 3}, bad = {0, 1, 2, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THROW(static_cast<void>(shift(good, bad)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(p_shift_less(bad, good, 0)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(shift({}, good)), std::invalid_argument);
}

}  // namespace
}  // namespace instbench::bench
