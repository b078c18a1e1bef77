#include "harness/worker/copying.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

TEST(Copying, IsTimedAloneAndBesideOthers) {
  const auto copying = copy_beside(4, 3);
  ASSERT_TRUE(copying);
  EXPECT_GT(copying->alone_ns, 0);
  EXPECT_GT(copying->beside_ns, 0);
}

TEST(Copying, NeedsPagesAndThreadsAndNotTheWholeMachine) {
  EXPECT_FALSE(copy_beside(0, 2));
  EXPECT_FALSE(copy_beside(4, 1));
  EXPECT_FALSE(copy_beside(20'000, 2));
  EXPECT_FALSE(copy_beside(UINT64_MAX, 2));
  EXPECT_FALSE(copy_beside(4, 1'000'000));
}

}  // namespace
}  // namespace instbench::bench
