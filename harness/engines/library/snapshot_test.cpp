#include "harness/engines/library/snapshot.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

std::vector<std::byte> zeros(size_t size) { return std::vector<std::byte>(size); }

TEST(Snapshot, EqualMemoriesDoNotDiffer) {
  EXPECT_EQ(memory_difference(zeros(65536), zeros(65536)), std::nullopt);
  EXPECT_EQ(memory_difference({}, {}), std::nullopt);
}

TEST(Snapshot, TheFirstByteThatDiffersIsNamed) {
  auto dirty = zeros(65536);
  dirty[0x1001] = std::byte{0xab};
  dirty[0x2000] = std::byte{1};
  EXPECT_EQ(memory_difference(dirty, zeros(65536)), "memory 0 at 0x1001: 0xab, expected 0x00");
  EXPECT_EQ(memory_difference(zeros(65536), zeros(131072)), "memory 0 has 65536 bytes, expected 131072");
}

TEST(Snapshot, TableEntriesAreNullOrNot) {
  EXPECT_EQ(table_difference({true, false}, {true, false}), std::nullopt);
  EXPECT_EQ(table_difference({true, true}, {true, false}), "table 0 entry 1: null, expected a function");
  EXPECT_EQ(table_difference({true}, {true, false}), "table 0 has 1 entries, expected 2");
}

TEST(Snapshot, GlobalsAreNamed) {
  EXPECT_EQ(global_difference({1, 2}, {1, 2}, {"a", "b"}), std::nullopt);
  EXPECT_EQ(global_difference({1, 3}, {1, 2}, {"a", "b"}), "global \"b\": 0x3, expected 0x2");
}

TEST(Snapshot, GrownMemoryIsZero) {
  auto grown = zeros(65536);
  EXPECT_EQ(growth_difference(grown, 65536), std::nullopt);
  grown[2] = std::byte{7};
  EXPECT_EQ(growth_difference(grown, 65536), "memory 0, grown, at 0x10002: 0x07, expected 0x00");
}

TEST(Snapshot, AMessReachesEveryPageOfASmallMemoryAndTheEndsOfALargeOne) {
  auto small = zeros(size_t{1} << 20);
  make_mess(small, 1);
  for (size_t page = 0; page < small.size() / 4096; ++page) {
    EXPECT_NE(memory_difference(std::span(small).subspan(page * 4096, 4096), zeros(4096)), std::nullopt) << page;
  }
  auto large = zeros(size_t{8} << 20);
  make_mess(large, 2);
  EXPECT_NE(large.front(), std::byte{0});
  EXPECT_NE(large.back(), std::byte{0});
  make_mess({}, 3);  // no memory: nothing to do
}

}  // namespace
}  // namespace instbench::bench
