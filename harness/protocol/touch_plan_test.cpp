#include "harness/protocol/touch_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace instbench::bench {
namespace {

constexpr TouchTarget kTarget{64 * 65536, 10, 500};

Workload touching(uint64_t read, uint64_t write) {
  Workload workload;
  workload.kind = Workload::Kind::touch;
  workload.read = read;
  workload.write = write;
  return workload;
}

std::set<uint64_t> pages_of(const std::vector<uint64_t>& places) {
  std::set<uint64_t> pages;
  for (const uint64_t place : places) pages.insert(place / kTouchPageBytes);
  return pages;
}

size_t runs_in(const std::set<uint64_t>& pages) {
  return static_cast<size_t>(
      std::count_if(pages.begin(), pages.end(), [&](uint64_t page) { return page == 0 || !pages.contains(page - 1); }));
}

TEST(TouchPlan, SameSeedSamePlaces) {
  const TouchPlan one(touching(8, 16), 0, 5, kTarget), two(touching(8, 16), 0, 5, kTarget),
      other(touching(8, 16), 0, 6, kTarget);
  EXPECT_EQ(one.now().writes, two.now().writes);
  EXPECT_EQ(one.now().reads, two.now().reads);
  EXPECT_NE(one.now().writes, other.now().writes);
}

TEST(TouchPlan, PagesAreDistinctScatteredAndInside) {
  const TouchPlan plan(touching(32, 64), 0, 1, kTarget);
  const auto written = pages_of(plan.now().writes), read = pages_of(plan.now().reads);
  EXPECT_EQ(written.size(), 64u);
  EXPECT_EQ(read.size(), 32u);
  EXPECT_EQ(runs_in(written), 64u);
  EXPECT_LT(*written.rbegin(), 1024u);
  for (const uint64_t page : read) EXPECT_FALSE(written.contains(page));
  for (const uint64_t place : plan.now().writes) EXPECT_EQ(place % 8, 0u);
}

TEST(TouchPlan, RunsAreAsManyAsAsked) {
  for (const uint64_t runs : {1, 4, 7}) {
    Workload workload = touching(0, 64);
    workload.runs = runs;
    EXPECT_EQ(runs_in(pages_of(TouchPlan(workload, 0, 1, kTarget).now().writes)), runs);
  }
}

TEST(TouchPlan, RereadReadsWhatIsThenWritten) {
  Workload workload = touching(16, 16);
  workload.reread = true;
  TouchPlan plan(workload, 0.5, 1, kTarget);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(plan.now().reads, plan.now().writes);
    plan.next_cycle();
  }
}

size_t moved(const std::vector<uint64_t>& before, const std::vector<uint64_t>& after) {
  size_t count = 0;
  for (size_t i = 0; i < before.size(); ++i) count += before[i] != after[i] ? 1 : 0;
  return count;
}

// The label says the share: of written runs, of read pages and of table entries alike.
TEST(TouchPlan, VaryRedrawsItsShareOfEverything) {
  Workload workload = touching(40, 100);
  workload.calls = 20;
  for (const double vary : {0.05, 0.5, 1.0}) {
    TouchPlan plan(workload, vary, 1, kTarget);
    const Touches before = plan.now();
    size_t writes = 0, reads = 0, entries = 0;
    for (int cycle = 0; cycle < 200; ++cycle) {
      plan.next_cycle();
      ASSERT_EQ(pages_of(plan.now().writes).size(), 100u);
      ASSERT_EQ(pages_of(plan.now().reads).size(), 40u);
      for (const uint64_t page : pages_of(plan.now().reads)) ASSERT_FALSE(pages_of(plan.now().writes).contains(page));
      writes += moved(before.writes, plan.now().writes);
      reads += moved(before.reads, plan.now().reads);
      entries += moved(before.entries, plan.now().entries);
    }
    // A redraw may fall on its own place again: a little less than the share moves.
    EXPECT_NEAR(static_cast<double>(writes), 200 * 100 * vary, 200 * 100 * vary * 0.02);
    EXPECT_NEAR(static_cast<double>(reads), 200 * 40 * vary, 200 * 40 * vary * 0.02);
    EXPECT_NEAR(static_cast<double>(entries), 200 * 20 * vary, 200 * 20 * vary * 0.03);
  }
}

// However far apart two cycles are, they have in common what neither has redrawn.
TEST(TouchPlan, TheBaseDoesNotDrift) {
  TouchPlan plan(touching(0, 100), 0.05, 1, kTarget);
  const Touches base = plan.now();
  for (int cycle = 0; cycle < 200; ++cycle) plan.next_cycle();
  const Touches late = plan.now();
  EXPECT_EQ(moved(base.writes, late.writes), 5u);
  for (int cycle = 0; cycle < 64; ++cycle) plan.next_cycle();
  EXPECT_LE(moved(late.writes, plan.now().writes), 10u);
}

TEST(TouchPlan, VaryFindsAPlaceInAFullMemory) {
  constexpr TouchTarget kSmall{65536, 0, 0};
  TouchPlan plan(touching(0, 15), 1, 1, kSmall);
  size_t moves = 0;
  for (int cycle = 0; cycle < 100; ++cycle) {
    const Touches before = plan.now();
    plan.next_cycle();
    ASSERT_EQ(pages_of(plan.now().writes).size(), 15u);
    moves += moved(before.writes, plan.now().writes);
  }
  EXPECT_GT(moves, 0u);
}

TEST(TouchPlan, ManyPlacesAreDrawnAtOnce) {
  constexpr TouchTarget kHuge{uint64_t{4} << 30, 0, 10'000'000};
  Workload workload = touching(1, 300000);
  workload.calls = 2'000'000;
  EXPECT_EQ(TouchPlan(workload, 0.5, 1, kHuge).now().entries.size(), 2'000'000u);
}

TEST(TouchPlan, VaryZeroNeverMoves) {
  TouchPlan plan(touching(0, 100), 0, 1, kTarget);
  const auto before = plan.now().writes;
  for (int i = 0; i < 10; ++i) plan.next_cycle();
  EXPECT_EQ(plan.now().writes, before);
}

TEST(TouchPlan, EntriesAreDistinct) {
  Workload workload = touching(0, 0);
  workload.calls = 500;
  const TouchPlan plan(workload, 0, 1, kTarget);
  EXPECT_EQ(std::set<uint64_t>(plan.now().entries.begin(), plan.now().entries.end()).size(), 500u);
}

TEST(TouchPlan, WhatDoesNotFitIsRefusedWithTheNumbers) {
  const auto refusal = [](Workload workload) -> std::string {
    try {
      const TouchPlan plan(workload, 0, 1, kTarget);
    } catch (const DoesNotFit& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal(touching(0, 1024)), "accepted");
  EXPECT_NE(refusal(touching(1, 1024))
                .find("1024 written and 1 read pages of 4 KiB do not fit a memory that starts with 1024 pages"),
            std::string::npos);
  EXPECT_NE(refusal(touching(UINT64_MAX, 1)).find("do not fit"), std::string::npos);
  EXPECT_NE(refusal(touching(1, UINT64_MAX)).find("do not fit"), std::string::npos);
  Workload calls = touching(0, 0);
  calls.calls = 501;
  EXPECT_NE(refusal(calls).find("starts with 500"), std::string::npos);
  Workload grow = touching(0, 0);
  grow.grow = 11;
  EXPECT_NE(refusal(grow).find("can grow by 10 pages"), std::string::npos);
  Workload runs = touching(0, 4);
  runs.runs = 5;
  EXPECT_NE(refusal(runs).find("cannot form 5 separate runs"), std::string::npos);
}

}  // namespace
}  // namespace instbench::bench
