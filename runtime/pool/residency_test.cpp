// What each reset that keeps pages costs, exactly, and what it keeps.
#include <algorithm>

#include "runtime/os/build_info.hpp"
#include "runtime/os/pagemap.hpp"
#include "runtime/os/usage.hpp"
#include "runtime/pool/resident_fixture.hpp"

namespace instbench {
namespace {

TEST_F(Resident, KeepPutsTheLowPagesBackWhateverWasWritten) {
  PoolWith one(kEightMiB, parse_strategy("pool-keep,resident=512KiB"), 1);
  const Release release = cycle(one, {5});
  EXPECT_EQ(release.path, ResetPath::keep);
  EXPECT_EQ(release.cost.bytes_copied, 2 * os::kPageBytes);
  EXPECT_EQ(release.cost.bytes_zeroed, 126 * os::kPageBytes);
  EXPECT_EQ(calls(release.cost, Call::madvise), 2u);  // the tables, and what lies above
  EXPECT_EQ(total(release.cost), 2u);
}

TEST_F(Resident, ScanPutsBackThirtyTwoRunsAndGivesBackTheRest) {
  PoolWith one(kEightMiB, parse_strategy("pool-scan"), 1);
  const Release few = cycle(one, every(2, 32));
  EXPECT_EQ(few.path, ResetPath::scan);
  EXPECT_EQ(calls(few.cost, Call::ioctl), 1u);
  EXPECT_EQ(few.cost.bytes_copied + few.cost.bytes_zeroed, 32 * os::kPageBytes);
  const Release many = cycle(one, every(2, 100));
  EXPECT_EQ(calls(many.cost, Call::ioctl), 1u);
  EXPECT_EQ(calls(many.cost, Call::madvise), 1u);
  EXPECT_EQ(many.cost.bytes_copied + many.cost.bytes_zeroed, 32 * os::kPageBytes);
  EXPECT_EQ(total(many.cost), 2u);
}

TEST_F(Resident, ScanStopsAtItsBudget) {
  PoolWith one(kEightMiB, parse_strategy("pool-scan,resident=40KiB"), 1);
  const Release release = cycle(one, every(2, 20));
  EXPECT_EQ(release.cost.bytes_copied + release.cost.bytes_zeroed, 10 * os::kPageBytes);
  EXPECT_EQ(calls(release.cost, Call::madvise), 1u);
}

TEST_F(Resident, RestorePutsBackEveryRunWithOneScan) {
  PoolWith one(kEightMiB, parse_strategy("pool-restore"), 1);
  for (int i = 0; i < 3; ++i) {
    const Release release = cycle(one, every(3, 200));
    EXPECT_EQ(release.path, ResetPath::restore);
    EXPECT_EQ(calls(release.cost, Call::ioctl), 1u);
    EXPECT_EQ(total(release.cost), 1u);
    EXPECT_EQ(release.cost.bytes_copied + release.cost.bytes_zeroed, 200 * os::kPageBytes);
  }
}

TEST_F(Resident, MoreRunsThanAScanTakesNeedAnother) {
  PoolWith one(kEightMiB, parse_strategy("pool-restore"), 1);
  const Release release = cycle(one, every(2, 700));
  EXPECT_EQ(calls(release.cost, Call::ioctl), 3u);
  EXPECT_EQ(release.cost.bytes_copied + release.cost.bytes_zeroed, 700 * os::kPageBytes);
}

TEST_F(Resident, TrackPutsBackWhatThisTenantWroteAndNothingElse) {
  if (!os::feature("userfaultfd_wp_async").ok) GTEST_SKIP() << os::feature("userfaultfd_wp_async").why_not;
  PoolWith one(kEightMiB, parse_strategy("pool-track"), 1);
  cycle(one, every(3, 200));
  const Release release = cycle(one, every(3, 20));
  EXPECT_EQ(release.path, ResetPath::track);
  EXPECT_EQ(calls(release.cost, Call::ioctl), 2u);
  EXPECT_EQ(total(release.cost), 2u);
  EXPECT_EQ(release.cost.bytes_copied + release.cost.bytes_zeroed, 20 * os::kPageBytes);
  EXPECT_EQ(total(cycle(one, {}).cost), 2u);
}

TEST_F(Resident, TrackGivesAllBackPastItsBudget) {
  if (!os::feature("userfaultfd_wp_async").ok) GTEST_SKIP() << os::feature("userfaultfd_wp_async").why_not;
  PoolWith one(kEightMiB, parse_strategy("pool-track,resident=64KiB"), 1);
  EXPECT_EQ(calls(cycle(one, every(3, 10)).cost, Call::madvise), 0u);
  EXPECT_EQ(calls(cycle(one, every(5, 20)).cost, Call::madvise), 1u);
  EXPECT_EQ(cycle(one, every(3, 10)).cost.bytes_zeroed + os::kPageBytes, 10 * os::kPageBytes);
}

TEST_F(Resident, WithoutAFaultNothingIsScanned) {
  if (*os::build_info().sanitizers != '\0') GTEST_SKIP() << "a sanitizer takes page faults of its own";
  PoolWith one(kEightMiB, parse_strategy("best"), 1);
  for (int i = 0; i < 4; ++i) cycle(one, every(3, 50));
  uint64_t scans = 0;
  constexpr int kCycles = 20;
  for (int i = 0; i < kCycles; ++i) {
    const Release release = cycle(one, every(3, 50));
    scans += calls(release.cost, Call::ioctl);
    EXPECT_EQ(calls(release.cost, Call::getrusage), 1u);
    EXPECT_EQ(release.cost.bytes_copied + release.cost.bytes_zeroed, 50 * os::kPageBytes);
  }
  EXPECT_LE(scans, 4u);  // those that compare, ever more seldom
}

// One more page than before: a fault, so the pages are looked for.
TEST_F(Resident, AFaultMakesItScan) {
  PoolWith one(kEightMiB, parse_strategy("best"), 1);
  for (int i = 0; i < 40; ++i) cycle(one, every(3, 50));
  const Release release = cycle(one, every(3, 51));
  EXPECT_EQ(calls(release.cost, Call::ioctl), 1u);
  EXPECT_EQ(release.cost.bytes_copied + release.cost.bytes_zeroed, 51 * os::kPageBytes);
}

TEST_F(Resident, WhatWasNeverTouchedIsNotReset) {
  for (const char* strategy : {"pool-restore", "best"}) {
    PoolWith one(kEightMiB, parse_strategy(strategy), 1);
    cycle(one, {1, 2});
    const os::Counters before = os::counters();
    { Lease lease(one.pool, *one.tenant); }
    const os::Counters cost = os::counters() - before;
    EXPECT_EQ(total(cost), 0u);
    EXPECT_EQ(cost.bytes_zeroed, 0u);
    EXPECT_EQ(cycle(one, {}).path, ResetPath::none);
  }
}

TEST_F(Resident, PagesThatAreNoLongerWrittenAreGivenBack) {
  for (const char* strategy : {"pool-restore", "best"}) {
    PoolWith one(kEightMiB, parse_strategy(strategy), 1);
    cycle(one, every(2, 300));
    uint64_t bytes = 0;
    for (int i = 0; i < 300; ++i) {
      const Release release = cycle(one, every(2, 10));
      bytes = release.cost.bytes_copied + release.cost.bytes_zeroed;
    }
    EXPECT_EQ(bytes, 10 * os::kPageBytes) << strategy;
  }
}

// Ever other pages: keeping them is for nothing, and it does not go on for long.
TEST_F(Resident, WhereEveryTenantWritesOtherPagesItRests) {
  PoolWith one(kEightMiB, parse_strategy("pool-restore"), 1);
  int restored = 0;
  for (uint64_t i = 0; i < 400; ++i) {
    std::vector<uint64_t> pages;
    for (uint64_t k = 0; k < 40; ++k) pages.push_back((i * 41 + k * 7) % 2048);
    restored += cycle(one, pages).path == ResetPath::restore ? 1 : 0;
  }
  EXPECT_LT(restored, 40);
}

TEST_F(Resident, ItKeepsNoMoreThanItsBudget) {
  PoolWith one(kEightMiB, parse_strategy("pool-restore,resident=64KiB"), 1);
  const Release release = cycle(one, every(3, 100));
  EXPECT_EQ(release.cost.bytes_copied + release.cost.bytes_zeroed, 16 * os::kPageBytes);
  EXPECT_EQ(calls(release.cost, Call::madvise), 1u);
  const auto resident = os::resident_in(one.pool.store().reservations());
  ASSERT_TRUE(resident);
  EXPECT_LE(resident->private_dirty_bytes, 16 * os::kPageBytes + 8 * os::kPageBytes);  // and the vmctx
}

// Grown memory is closed again, its pages stay, and whoever grows next finds zeros, however far the one before had grown.
TEST_F(Resident, WhatIsGrownStaysResidentAndReadsAsZero) {
  constexpr int kRounds = 600;
  for (const char* strategy : {"pool-restore", "best"}) {
    PoolWith one("(module (memory 1 100) (data (i32.const 10) \"x\"))", parse_strategy(strategy), 1);
    os::Counters cost;
    uint32_t random = 1;
    for (int round = 0; round < kRounds; ++round) {
      random = random * 1664525 + 1013904223;
      Lease lease(one.pool, *one.tenant);
      const uint64_t pages = (random >> 24) % 5;  // of 64 KiB
      ASSERT_TRUE(lease->grow_memory(0, pages));
      const std::span<std::byte> grown = lease->memory(0).subspan(kWasmPageBytes);
      ASSERT_EQ(grown.size(), pages * kWasmPageBytes);
      ASSERT_TRUE(std::all_of(grown.begin(), grown.end(), [](std::byte b) { return b == std::byte{0}; }))
          << strategy << " round " << round;
      lease->memory(0)[9] = std::byte{0xee};
      for (size_t at = 5; at < grown.size(); at += 2 * os::kPageBytes) grown[at] = std::byte{0xee};
      const os::Counters before = os::counters();
      lease.release();
      cost += os::counters() - before;
    }
    EXPECT_LT(calls(cost, Call::madvise) + calls(cost, Call::process_madvise), kRounds / 4u) << strategy;
    EXPECT_LE(calls(cost, Call::mprotect), uint64_t{kRounds});
  }
}

TEST_F(Resident, GrownMemoryIsClosedWithOneCallMore) {
  PoolWith one("(module (memory 1 100))", parse_strategy("pool-restore"), 1);
  Lease lease(one.pool, *one.tenant);
  ASSERT_TRUE(lease->grow_memory(0, 2));
  EXPECT_FALSE(os::readable(lease->memory(0).data() + 3 * kWasmPageBytes));
  const std::byte* beyond = lease->memory(0).data() + kWasmPageBytes;
  const os::Counters before = os::counters();
  lease.release();
  const os::Counters cost = os::counters() - before;
  EXPECT_EQ(calls(cost, Call::mprotect), 1u);
  EXPECT_EQ(calls(cost, Call::ioctl), 2u);  // what it starts with, and what was grown
  EXPECT_EQ(total(cost), 3u);
  EXPECT_FALSE(os::readable(beyond));
}

// Pages that stay behind what this tenant grew to count too.
TEST_F(Resident, ClosedPagesCountAgainstTheBudget) {
  PoolWith one("(module (memory 1 100))", parse_strategy("pool-restore,resident=256KiB"), 1);
  const auto private_pages = [&] {
    uint64_t pages = 0;
    os::each_batch(one.pool.store().reservations()[0], os::find_private_pages, [&](std::span<const os::PageRegion> regions) {
      for (const os::PageRegion& region : regions) pages += (region.end - region.start) / os::kPageBytes;
      return true;
    });
    return pages;
  };
  bool closed_kept = false;
  for (int round = 0; round < 20; ++round) {
    Lease lease(one.pool, *one.tenant);
    const bool far = round % 2 == 0;  // the last 24 or 60 pages of 64 that are grown; or 16 that are, and the 16 below
    ASSERT_TRUE(lease->grow_memory(0, far ? 4 : 1));
    const std::span<std::byte> memory = lease->memory(0);
    ASSERT_TRUE(std::all_of(memory.begin(), memory.end(), [](std::byte b) { return b == std::byte{0}; })) << round;
    const size_t bytes = far ? (round % 4 == 0 ? 24 : 60) * os::kPageBytes : memory.size();
    std::fill_n(memory.end() - static_cast<std::ptrdiff_t>(bytes), bytes, std::byte{0xee});
    lease.release();
    EXPECT_LE(private_pages(), 64 + 2u) << round;  // and the vmctx
    closed_kept = closed_kept || (!far && private_pages() > 34);
  }
  EXPECT_TRUE(closed_kept);
}

TEST_F(Resident, GrowthBeyondTheBudgetIsGivenBack) {
  PoolWith one("(module (memory 1 100))", parse_strategy("best,resident=64KiB"), 1);
  for (int round = 0; round < 20; ++round) {
    Lease lease(one.pool, *one.tenant);
    ASSERT_TRUE(lease->grow_memory(0, 50));
    for (const std::byte b : lease->memory(0)) ASSERT_EQ(b, std::byte{0}) << round;
    std::fill(lease->memory(0).begin(), lease->memory(0).end(), std::byte{0xee});
    lease.release();
    const auto resident = os::resident_in(one.pool.store().reservations());
    ASSERT_TRUE(resident);
    EXPECT_LE(resident->private_dirty_bytes, 24 * os::kPageBytes) << round;
  }
}

TEST_F(Resident, PagesTakenOutArePutBackToo) {
  for (const char* strategy : {"pool-scan", "pool-restore", "best"}) {
    PoolWith one(kEightMiB, parse_strategy(strategy), 1);
    for (int round = 0; round < 8; ++round) {
      Lease lease(one.pool, *one.tenant);
      const std::span<std::byte> memory = lease->memory(0);
      for (uint64_t page = 0; page < 60; ++page) {
        const std::byte expected = page == 0 ? std::byte{'b'} : std::byte{0};
        ASSERT_EQ(memory[page * 2 * os::kPageBytes], expected) << strategy << " round " << round << " page " << page;
        memory[page * 2 * os::kPageBytes] = std::byte{0xee};
      }
      os::page_out({memory.data(), memory.size()});
    }
  }
}

}  // namespace
}  // namespace instbench
