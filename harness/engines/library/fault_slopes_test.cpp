#include "harness/engines/library/fault_slopes.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "runtime/os/build_info.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {
namespace {

TEST(FaultSlopes, ThePagesThatACycleTouchesForTheFirstTimeAreItsFaults) {
  if (*os::build_info().sanitizers != '\0') GTEST_SKIP() << "the sanitizer's shadow of these pages faults too";
  constexpr size_t kPageBytes = 4096, kPagesPerCycle = 3, kMostCycles = 64;
  os::disable_huge_pages();
  const auto memory = std::make_unique_for_overwrite<std::byte[]>(kMostCycles * kPagesPerCycle * kPageBytes);
  size_t page = 1;  // the first may be there
  const CounterSlopes slopes = fault_slopes([&](uint64_t cycles) {
    for (uint64_t i = 0; i < cycles * kPagesPerCycle; ++i, ++page)
      *static_cast<volatile std::byte*>(&memory[page * kPageBytes]) = std::byte{1};
  });
  EXPECT_EQ(slopes.short_cycles, Cell::kShortRun);
  EXPECT_EQ(slopes.long_cycles, Cell::kLongRun);
  EXPECT_EQ(slopes.phases,
            (std::map<std::string, NamedCounts>{{"cycle", {{"faults.minor", 3.0}, {"faults.major", 0.0}}}}));
}

}  // namespace
}  // namespace instbench::bench
