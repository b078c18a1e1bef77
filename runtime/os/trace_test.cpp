#include "runtime/os/trace.hpp"

#include <gtest/gtest.h>

#include "runtime/os/features.hpp"
#include "runtime/os/mapping.hpp"

namespace instbench::os {
namespace {

class Trace : public testing::Test {
  void SetUp() override {
    if (!feature("ptrace").ok) GTEST_SKIP() << feature("ptrace").why_not;
  }
};

TEST_F(Trace, CountsCallsBetweenMarkersOnly) {
  const auto intervals = trace_child([] {
    const Mapping mapping = Mapping::reserve(4 * kPageBytes, kPageBytes);
    trace_marker();
    protect(mapping.range(), Access::read_write);
    discard(mapping.range());
    discard(mapping.range());
    trace_marker();
    discard(mapping.range());
    trace_marker();
    protect(mapping.range(), Access::none);
  });
  ASSERT_EQ(intervals.size(), 2u);
  EXPECT_EQ(intervals[0], (TracedInterval{{"madvise", 2}, {"mprotect", 1}}));
  EXPECT_EQ(intervals[1], (TracedInterval{{"madvise", 1}}));
}

TEST_F(Trace, AChildThatThrowsIsAnError) {
  EXPECT_THROW(trace_child([] { throw std::runtime_error("on purpose"); }), std::runtime_error);
}

}  // namespace
}  // namespace instbench::os
