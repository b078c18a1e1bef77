#include "harness/judge/signed_rank.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace instbench::bench {
namespace {

uint64_t most(size_t n) { return uint64_t{n} * (n + 1) / 2; }

TEST(SignedRank, TailsOfThePublishedTable) {  // Hollander & Wolfe, table A.4
  EXPECT_DOUBLE_EQ(signed_rank_tail(5, 15), 1.0 / 32);
  EXPECT_DOUBLE_EQ(signed_rank_tail(3, 6), 0.125);
  EXPECT_NEAR(signed_rank_tail(10, 45), 0.042, 0.0005);
  EXPECT_NEAR(signed_rank_tail(10, 47), 0.024, 0.0005);
  EXPECT_NEAR(signed_rank_tail(15, 95), 0.0240, 0.0005);
  EXPECT_NEAR(signed_rank_tail(15, 90), 0.0473, 0.0005);
}

TEST(SignedRank, CriticalValuesOfThePublishedTable) {  // Wilcoxon & Wilcox 1964: reject at T <= critical
  struct Row {
    size_t n;
    uint64_t at_025, at_05;
  };
  for (const auto& [n, at_025, at_05] : std::vector<Row>{{6, 0, 2},
                                                         {7, 2, 3},
                                                         {8, 3, 5},
                                                         {9, 5, 8},
                                                         {10, 8, 10},
                                                         {12, 13, 17},
                                                         {15, 25, 30},
                                                         {20, 52, 60},
                                                         {25, 89, 100},
                                                         {30, 137, 151}}) {
    EXPECT_LE(signed_rank_tail(n, most(n) - at_025), 0.025) << n;
    EXPECT_GT(signed_rank_tail(n, most(n) - at_025 - 1), 0.025) << n;
    EXPECT_LE(signed_rank_tail(n, most(n) - at_05), 0.05) << n;
    EXPECT_GT(signed_rank_tail(n, most(n) - at_05 - 1), 0.05) << n;
  }
}

TEST(SignedRank, TailsOfManyBlocksNeitherOverflowNorVanish) {
  EXPECT_DOUBLE_EQ(signed_rank_tail(400, most(400)), std::exp2(-400));
  EXPECT_DOUBLE_EQ(signed_rank_tail(512, most(512)), std::exp2(-512));
  EXPECT_NEAR(signed_rank_tail(400, most(400) / 2), 0.5, 0.001);
  EXPECT_NEAR(signed_rank_tail(5000, most(5000) / 2), 0.5, 0.001);
  EXPECT_EQ(signed_rank_tail(400, 0), 1);
  EXPECT_EQ(signed_rank_tail(400, most(400) + 1), 0);
}

TEST(SignedRank, ByHand) {
  const std::vector<double> d = {1, 2, 4};  // Walsh averages: 1 1.5 2 2.5 3 4
  EXPECT_DOUBLE_EQ(hodges_lehmann(d), 2.25);
  EXPECT_DOUBLE_EQ(p_greater(d, 0), 1.0 / 8);
  EXPECT_DOUBLE_EQ(p_greater(d, 1.2), 2.0 / 8);
  EXPECT_DOUBLE_EQ(p_less(d, 5), 1.0 / 8);
  EXPECT_DOUBLE_EQ(p_less(d, 0), 1);
  EXPECT_EQ(upper_bound(d, 0.875), 4);  // P(W >= 6) = 1/8
  EXPECT_EQ(lower_bound(d, 0.75), 1.5);
  const auto both = interval(d, 0.75);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->low, 1);
  EXPECT_EQ(both->high, 4);
}

TEST(SignedRank, TiesCountAgainstRejection) {
  const std::vector<double> d = {0, 0, 0, 0, 0, 1, 2, 3};
  EXPECT_EQ(p_less(d, 0), 1);
  EXPECT_GT(p_greater(d, 0), p_greater(d, -0.001));
  const std::vector<double> equal(18, 0.25);
  EXPECT_EQ(p_greater(equal, 0.25), 1);
  EXPECT_EQ(p_less(equal, 0.25), 1);
}

TEST(SignedRank, TheLastBitIsATie) {  // ln(1.03 a / a) and log1p(0.03) need not be the same double
  const std::vector<double> d(18, std::nextafter(std::log1p(0.03), 1));
  EXPECT_EQ(p_greater(d, std::log1p(0.03)), 1);
}

TEST(SignedRank, TooFewBlocksHaveNoBound) {
  std::vector<double> d;
  for (size_t n = 1; n <= 6; ++n) {
    d.push_back(0.01 * static_cast<double>(n));
    EXPECT_EQ(upper_bound(d, 0.95).has_value(), n >= 5) << n;
    EXPECT_EQ(lower_bound(d, 0.95).has_value(), n >= 5) << n;
    EXPECT_EQ(interval(d, 0.95).has_value(), n >= 6) << n;
    EXPECT_EQ(scatter(d).has_value(), n >= 6) << n;
  }
  EXPECT_EQ(hodges_lehmann(std::vector<double>{0.5}), 0.5);
  EXPECT_EQ(p_greater(std::vector<double>{0.5}, 0), 0.5);
}

TEST(SignedRank, BoundAndTestAgree) {
  const std::vector<double> d = {0.021, -0.013, 0.008, 0.034, 0.017, -0.002, 0.029, 0.011, 0.005, 0.026, 0.0145};
  const double bound = upper_bound(d, 0.95).value();
  EXPECT_GT(p_less(d, bound), 0.05);
  EXPECT_LE(p_less(d, bound + 1e-6), 0.05);
}

TEST(SignedRank, AllEqualHasNoWidth) {
  const std::vector<double> equal(18, 0.01);
  EXPECT_EQ(hodges_lehmann(equal), 0.01);
  EXPECT_EQ(interval(equal, 0.95)->low, 0.01);
  EXPECT_EQ(interval(equal, 0.95)->high, 0.01);
  EXPECT_EQ(scatter(equal), 0);
}

TEST(SignedRank, OneWildBlockMovesLittle) {
  std::vector<double> d;
  for (int i = -9; i <= 9; ++i) d.push_back(0.002 * i);
  const double before = scatter(d).value();
  d.back() = 5;
  EXPECT_LT(std::abs(hodges_lehmann(d)), 0.002);
  EXPECT_LT(scatter(d).value(), 1.5 * before);
}

TEST(SignedRank, RefusesWhatIsNotFinite) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()}) {
    const std::vector<double> d = {0, 0, 0, 0, 0, bad};
    EXPECT_THROW(static_cast<void>(hodges_lehmann(d)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(p_greater(d, 0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(p_less(d, 0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(upper_bound(d, 0.95)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(upper_bound(std::vector<double>{bad}, 0.95)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(scatter(d)), std::invalid_argument);
  }
  EXPECT_THROW(static_cast<void>(hodges_lehmann({})), std::invalid_argument);
}

}  // namespace
}  // namespace instbench::bench
