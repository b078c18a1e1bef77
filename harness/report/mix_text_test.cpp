#include "harness/report/mix_text.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

Json phases(uint64_t samples, double cycle_ns) { return {{"samples", samples}, {"cycle_p50", cycle_ns}, {"instantiate_p50", 1}}; }

Json cell() {
  return {{"paths",
           {{"slot=hit memory=kept tables=lazy reset=madvise", 60},
            {"slot=hit memory=kept tables=none reset=madvise", 2},
            {"slot=stolen memory=kept tables=lazy reset=madvise", 5},
            {"slot=evicted memory=mapped tables=lazy reset=madvise", 33}}},
          {"phases_by_path",
           {{"slot=hit memory=kept reset=madvise module=a.wat", phases(30, 400)},
            {"slot=hit memory=kept reset=none module=a.wat", phases(10, 800)},
            {"slot=evicted memory=mapped reset=madvise module=a.wat", phases(10, 20000)},
            {"slot=hit memory=kept reset=madvise module=my b.wat", phases(5, 1500)},
            {"slot=evicted memory=mapped reset=madvise module=my b.wat", phases(90, 60000)}}}};
}

TEST(MixText, SharesOfSlotsAndTheMeanOverModulesOfTheirMedianCycles) {
  EXPECT_EQ(slots_text(cell()),
            "slots: 62 % hit, 5 % stolen, 33 % evicted; an evicted cycle takes 40.0 µs, a hit 1.00 µs");
}

TEST(MixText, OnlyModulesThatWereBothAreCompared) {
  Json one = cell();
  one["phases_by_path"].erase("slot=hit memory=kept reset=madvise module=my b.wat");
  EXPECT_TRUE(slots_text(one).ends_with("an evicted cycle takes 20.0 µs, a hit 500 ns (a.wat)")) << slots_text(one);
  one["phases_by_path"].erase("slot=evicted memory=mapped reset=madvise module=a.wat");
  EXPECT_EQ(slots_text(one), "slots: 62 % hit, 5 % stolen, 33 % evicted");
  one["phases_by_path"].erase("slot=evicted memory=mapped reset=madvise module=my b.wat");
  EXPECT_EQ(slots_text(one), "slots: 62 % hit, 5 % stolen, 33 % evicted; a hit takes 500 ns");
}

TEST(MixText, UnknownIsNotSaid) {
  EXPECT_EQ(slots_text({{"paths", nullptr}}), "");
  EXPECT_EQ(slots_text({{"paths", {{"slot=fresh", 7}}}, {"phases_by_path", nullptr}}), "slots: 100 % fresh");
  EXPECT_EQ(slots_text({{"paths", {{"slot=hit", 99999}, {"slot=evicted", 1}}}}), "slots: 100 % hit, < 0.1 % evicted");
  EXPECT_EQ(choices_text(cell()), "");
}

TEST(MixText, WhatWasChosenForEachModule) {
  const auto chose = [](const char* reset) { return Json{{"chosen", {{"reset", reset}}}}; };
  const Json facts = {{"modules", {{"a", chose("restore")}, {"b", chose("madvise")}, {"c", chose("restore")}, {"d", {{"chosen", nullptr}}}}}};
  EXPECT_EQ(choices_text({{"facts", facts}}), "reset=madvise for b; reset=restore for a, c");
}

}  // namespace
}  // namespace instbench::bench
