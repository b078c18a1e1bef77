#include "harness/judge/family.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

TEST(Holm, ByHand) {
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.005};  // sorted: .005*4, .01*3, .03*2, .04*1
  const auto adjusted = holm_adjusted(p);
  EXPECT_DOUBLE_EQ(adjusted[0], 0.03);
  EXPECT_DOUBLE_EQ(adjusted[1], 0.06);  // not .04: never less than a smaller p's
  EXPECT_DOUBLE_EQ(adjusted[2], 0.06);
  EXPECT_DOUBLE_EQ(adjusted[3], 0.02);
  EXPECT_EQ(holm_rejects(p, 0.05), (std::vector<bool>{true, false, false, true}));
  EXPECT_EQ(holm_rejects(p, 0.06), (std::vector<bool>{true, true, true, true}));
  EXPECT_EQ(holm_rejects(p, 0.01), (std::vector<bool>{false, false, false, false}));
}

TEST(Holm, TheFirstThatIsNotRejectedStopsTheRest) {
  EXPECT_EQ(holm_rejects(std::vector<double>{0.02, 0.02, 0.02}, 0.05), (std::vector<bool>{false, false, false}));
}

TEST(Holm, OneAndNone) {
  EXPECT_EQ(holm_rejects(std::vector<double>{0.01}, 0.01), std::vector<bool>{true});
  EXPECT_TRUE(holm_rejects({}, 0.01).empty());
  EXPECT_DOUBLE_EQ(holm_adjusted(std::vector<double>{0.9, 0.8})[0], 1);
}

TEST(Binomial, ByHand) {
  EXPECT_DOUBLE_EQ(binomial_tail(0, 3, 0.5), 1);
  EXPECT_DOUBLE_EQ(binomial_tail(3, 3, 0.5), 0.125);
  EXPECT_DOUBLE_EQ(binomial_tail(2, 3, 0.5), 0.5);
  EXPECT_EQ(binomial_tail(4, 3, 0.5), 0);
  EXPECT_NEAR(binomial_tail(1, 2, 0.1), 0.19, 1e-15);
  EXPECT_DOUBLE_EQ(binomial_two_sided(3, 3), 0.25);
  EXPECT_DOUBLE_EQ(binomial_two_sided(0, 3), 0.25);
  EXPECT_DOUBLE_EQ(binomial_two_sided(2, 4), 1);
  EXPECT_DOUBLE_EQ(binomial_two_sided(0, 0), 1);
}

TEST(Binomial, LeaningBlocks) {  // 8 of 8 redone blocks for one arm is a finding at 1 %, 7 of 7 is not
  EXPECT_LT(binomial_two_sided(8, 8), 0.01);
  EXPECT_GT(binomial_two_sided(7, 7), 0.01);
}

}  // namespace
}  // namespace instbench::bench
