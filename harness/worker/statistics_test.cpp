#include "harness/worker/statistics.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace instbench::bench {
namespace {

std::optional<Distribution> up_to(uint64_t n) {
  std::vector<uint64_t> values(n);
  std::iota(values.rbegin(), values.rend(), 1);
  return distribution(values);
}

TEST(Distribution, OfNothingIsNothing) { EXPECT_FALSE(up_to(0)); }

TEST(Distribution, PercentilesInterpolate) {
  const auto d = up_to(301);
  EXPECT_EQ(d->min, 1);
  EXPECT_EQ(d->p50, 151);
  EXPECT_EQ(d->p90, 271);
  EXPECT_EQ(d->p99, 298);
  EXPECT_NEAR(d->mean, 151, 1e-9);
  EXPECT_EQ(up_to(2)->p50, 1.5);
}

TEST(Distribution, TailsNeedTheirSample) {
  EXPECT_FALSE(up_to(99)->p90);
  EXPECT_TRUE(up_to(100)->p90);
  EXPECT_FALSE(up_to(299)->p99);
  EXPECT_TRUE(up_to(300)->p99);
}

}  // namespace
}  // namespace instbench::bench
