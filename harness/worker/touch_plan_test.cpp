#include "harness/worker/touch_plan.hpp"

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
  EXPECT_EQ(one.writes(), two.writes());
  EXPECT_EQ(one.reads(), two.reads());
  EXPECT_NE(one.writes(), other.writes());
}

TEST(TouchPlan, PagesAreDistinctScatteredAndInside) {
  const TouchPlan plan(touching(32, 64), 0, 1, kTarget);
  const auto written = pages_of(plan.writes()), read = pages_of(plan.reads());
  EXPECT_EQ(written.size(), 64u);
  EXPECT_EQ(read.size(), 32u);
  EXPECT_EQ(runs_in(written), 64u);
  EXPECT_LT(*written.rbegin(), 1024u);
  for (const uint64_t page : read) EXPECT_FALSE(written.contains(page));
  for (const uint64_t place : plan.writes()) EXPECT_EQ(place % 8, 0u);
}

TEST(TouchPlan, RunsAreAsManyAsAsked) {
  for (const uint64_t runs : {1, 4, 7}) {
    Workload workload = touching(0, 64);
    workload.runs = runs;
    EXPECT_EQ(runs_in(pages_of(TouchPlan(workload, 0, 1, kTarget).writes())), runs);
  }
}

TEST(TouchPlan, RereadReadsWhatIsThenWritten) {
  Workload workload = touching(16, 16);
  workload.reread = true;
  TouchPlan plan(workload, 0.5, 1, kTarget);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(plan.reads(), plan.writes());
    plan.next_cycle();
  }
}

TEST(TouchPlan, VaryMovesItsShareAndKeepsTheCount) {
  TouchPlan plan(touching(4, 100), 0.05, 1, kTarget);
  for (int cycle = 0; cycle < 200; ++cycle) {
    const auto before = pages_of(plan.writes());
    plan.next_cycle();
    const auto after = pages_of(plan.writes());
    ASSERT_EQ(after.size(), 100u);
    std::vector<uint64_t> kept;
    std::set_intersection(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(kept));
    ASSERT_GE(kept.size(), 95u);
    ASSERT_LT(kept.size(), 100u);
    for (const uint64_t page : pages_of(plan.reads())) ASSERT_FALSE(after.contains(page));
  }
}

TEST(TouchPlan, VaryZeroNeverMoves) {
  TouchPlan plan(touching(0, 100), 0, 1, kTarget);
  const auto before = plan.writes();
  for (int i = 0; i < 10; ++i) plan.next_cycle();
  EXPECT_EQ(plan.writes(), before);
}

TEST(TouchPlan, EntriesAreDistinct) {
  Workload workload = touching(0, 0);
  workload.calls = 500;
  const TouchPlan plan(workload, 0, 1, kTarget);
  EXPECT_EQ(std::set<uint64_t>(plan.entries().begin(), plan.entries().end()).size(), 500u);
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
  EXPECT_NE(refusal(touching(1, 1024)).find("1025 pages of 4 KiB do not fit a memory that starts with 1024 pages"),
            std::string::npos);
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
