#include "runtime/precompiled/eviction.hpp"

#include <gtest/gtest.h>

namespace instbench {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Names = std::vector<std::string>;

TEST(PlanEviction, NothingGoesBelowTheCap) {
  const Eviction e = plan_eviction({{"a.module", 10, hours(9)}, {"a-1.so", 90, hours(9)}}, 100);
  EXPECT_TRUE(e.entries.empty());
  EXPECT_TRUE(e.abandoned.empty());
}

TEST(PlanEviction, TheEntryUnusedForLongestGoesFirstAndWhole) {
  const Eviction e = plan_eviction({{"a-1.so", 50, hours(9)},  // its metadata was used an hour ago: so was it
                                    {"a.module", 10, hours(1)},
                                    {"b-2.so", 50, hours(2)},
                                    {"b.module", 10, hours(2)},
                                    {"c.image", 30, hours(3)}},
                                   100);
  ASSERT_EQ(e.entries.size(), 2u);
  EXPECT_EQ(e.entries[0], Names{"c.image"});
  EXPECT_EQ(e.entries[1], (Names{"b.module", "b-2.so"}));  // metadata first
}

TEST(PlanEviction, WhatIsInUseStays) {
  const Eviction e = plan_eviction({{"a.module", 500, seconds(59)},
                                    {"b.lock", 0, seconds(5)},
                                    {"b.module", 500, hours(9)},
                                    {"c.module", 5, hours(1)}},
                                   10);
  ASSERT_EQ(e.entries.size(), 1u);
  EXPECT_EQ(e.entries[0], Names{"c.module"});
}

TEST(PlanEviction, FilesOfKilledProcessesGoWhateverTheCap) {
  const Eviction e = plan_eviction(
      {{".a.so.7.0", 50, hours(3)}, {".b.so.8.0", 50, minutes(3)}, {"c.lock", 0, hours(3)}, {"c.module", 5, hours(1)}},
      1000);
  EXPECT_EQ(e.abandoned, (Names{".a.so.7.0", "c.lock"}));
  EXPECT_TRUE(e.entries.empty());
}

TEST(PlanEviction, EntriesAreNamedByWhatComesBeforeTheFirstMark) {
  EXPECT_EQ(entry_of("ab12.module"), "ab12");
  EXPECT_EQ(entry_of("ab12-77.so"), "ab12");
}

}  // namespace
}  // namespace instbench
