#include "harness/report/call_overhead.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

Json cell(const std::string& name, const std::string& arm, double cycle_ns, double call_ns) {
  return {{"case", name}, {"arm", arm}, {"status", "ok"}, {"batch", {{"median_real_ns", cycle_ns}}}, {"floor", {{"kept_call_ns", call_ns}}}};
}

Json result(const std::vector<Json>& cells) {
  return {{"arms", {{{"id", "core:pool-lazy"}}, {{"id", "core:best"}}, {{"id", "other:a"}}, {{"id", "other:b"}}}}, {"cells", cells}};
}

TEST(CallOverhead, IsWhatACycleTakesBeyondItsOwnCalls) {
  EXPECT_EQ(call_overhead_text(cell("x", "core:best", 1500, 500)), "core:best 1.00 µs on top of 500 ns");
  EXPECT_EQ(call_overhead_text(cell("x", "core:best", 400, 500)), "core:best < 10 % on top of 500 ns");
  EXPECT_EQ(call_overhead_text(cell("x", "core:best", 549, 500)), "core:best < 10 % on top of 500 ns");
  EXPECT_EQ(call_overhead_text(cell("x", "core:best", 550, 500)), "core:best 50.0 ns on top of 500 ns");
}

TEST(CallOverhead, IsNotKnownWithoutBothFigures) {
  Json unknown = cell("x", "core:best", 1500, 500);
  unknown["floor"] = nullptr;
  EXPECT_EQ(call_overhead_text(unknown), "");
  EXPECT_EQ(call_overhead_text({{"case", "x"}, {"arm", "core:best"}, {"status", "skipped"}}), "");
}

TEST(CallOverhead, MeansAreGeometricOverTheCasesOfBothArms) {
  const Json one = result({cell("x", "core:pool-lazy", 900, 100), cell("y", "core:pool-lazy", 300, 100),
                           cell("z", "core:pool-lazy", 300, 100), cell("x", "core:best", 200, 100),
                           cell("y", "core:best", 200, 100), cell("z", "core:best", 90, 100), cell("w", "core:best", 900, 100)});
  EXPECT_EQ(call_overhead_means(one, "core:pool-lazy"), std::vector<std::string>{"core:best 4.00× less (2 cases; in 1 one of the two is below 10 %)"});
  EXPECT_EQ(call_overhead_means(one, "core:best"), std::vector<std::string>{"core:pool-lazy 4.00× more (2 cases; in 1 one of the two is below 10 %)"});
}

TEST(CallOverhead, OfAnotherEngineAlsoTheLeastOfItsArmsInEachCase) {
  const Json one = result({cell("x", "core:best", 200, 100), cell("y", "core:best", 200, 100), cell("x", "other:a", 300, 100),
                           cell("y", "other:a", 1000, 200), cell("x", "other:b", 900, 100), cell("y", "other:b", 400, 200)});
  EXPECT_EQ(call_overhead_means(one, "core:best"),
            (std::vector<std::string>{"other:a 4.00× more (2 cases)", "other:b 4.00× more (2 cases)",
                                      "in each case the least of other's arms 2.00× more (2 cases)"}));
}

}  // namespace
}  // namespace instbench::bench
