#include "runtime/os/environment.hpp"

#include <gtest/gtest.h>

namespace instbench::os {
namespace {

TEST(Environment, KnowsWhatEveryLinuxTells) {
  const Environment e = environment();
  EXPECT_FALSE(e.kernel.empty());
  EXPECT_FALSE(e.architecture.empty());
  EXPECT_GE(e.cpus, 1U);
  EXPECT_GE(e.page_bytes, 4096U);
  EXPECT_EQ(e.page_bytes & (e.page_bytes - 1), 0U);
  EXPECT_GT(e.memory_bytes, uint64_t{64} << 20);
}

TEST(Environment, AWordIsOneOfItsChoices) {
  const Environment e = environment();
  if (!e.thp) GTEST_SKIP() << "this kernel has no transparent huge pages";
  EXPECT_TRUE(*e.thp == "always" || *e.thp == "madvise" || *e.thp == "never") << *e.thp;
}

TEST(Environment, AvailableMemoryIsSomeAndNotMoreThanAll) {
  EXPECT_GT(memory_available_bytes(), 0U);
  EXPECT_LE(memory_available_bytes(), environment().memory_bytes);
}

}  // namespace
}  // namespace instbench::os
