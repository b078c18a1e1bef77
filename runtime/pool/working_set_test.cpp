// What slots of a pool share: a working set, a budget, a choice, a batch, and threads that take them from each other.
#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "runtime/os/trace.hpp"
#include "runtime/os/usage.hpp"
#include "runtime/pool/resident_fixture.hpp"

namespace instbench {
namespace {

constexpr const char* kOtherEight = R"((module (memory 128) (data (i32.const 0) "other")))";

void write(Lease& lease, uint64_t pages) {
  for (uint64_t page = 0; page < pages; ++page) lease->memory(0)[page * 2 * os::kPageBytes + 9] = std::byte{0xee};
}

// A slot that is new to a module gets the pages that its instances use in one call, and they are kept from the start.
TEST_F(Resident, AColdSlotGetsTheWorkingSet) {
  if (!os::feature("populate_write").ok) GTEST_SKIP() << os::feature("populate_write").why_not;
  for (const char* strategy : {"best", "pool-restore,prefault=on", "pool-restore"}) {
    const bool prefaults = std::string(strategy) != "pool-restore";
    PoolWith one(kEightMiB, parse_strategy(strategy), 2);
    std::vector<uint64_t> pages = every(1, 50);  // in one run
    for (int i = 0; i < 8; ++i) cycle(one, pages);
    Lease first(one.pool, *one.tenant);
    const os::Counters before = os::counters();
    const os::Faults faults_before = os::thread_faults();
    Lease second(one.pool, *one.tenant);
    ASSERT_EQ(second.path().slot, SlotPath::cold);
    const bool in_one_call = os::feature("process_madvise").ok;
    EXPECT_EQ(calls(os::counters() - before, Call::process_madvise), prefaults && in_one_call ? 1u : 0u) << strategy;
    for (const uint64_t page : pages) EXPECT_EQ(second->memory(0)[page * os::kPageBytes + 9], std::byte{0});
    const uint64_t after_reads = os::thread_faults().minor;
    for (const uint64_t page : pages) second->memory(0)[page * os::kPageBytes + 9] = std::byte{0xee};
    EXPECT_EQ(os::thread_faults().minor - after_reads, prefaults ? 0u : 50u) << strategy;
    EXPECT_GE(after_reads - faults_before.minor, prefaults ? 50u : 1u);  // they were taken in the call
    second.release();
    EXPECT_EQ(second.path().reset, ResetPath::restore);
    Lease again(one.pool, *one.tenant);
    for (const uint64_t page : pages) EXPECT_EQ(again->memory(0)[page * os::kPageBytes + 9], std::byte{0});
  }
}

// Single pages are left to their faults.
TEST_F(Resident, AColdSlotIsNotGivenShortRuns) {
  PoolWith one(kEightMiB, parse_strategy("best"), 2);
  for (int i = 0; i < 8; ++i) cycle(one, every(3, 50));
  Lease first(one.pool, *one.tenant);
  const os::Counters before = os::counters();
  Lease second(one.pool, *one.tenant);
  ASSERT_EQ(second.path().slot, SlotPath::cold);
  EXPECT_EQ(calls(os::counters() - before, Call::process_madvise), 0u);
}

// The slot that lies longest unused makes room, and what the pool keeps stays within its budget.
TEST_F(Resident, APoolKeepsNoMoreThanItsBudget) {
  for (const char* strategy : {"pool-keep,resident=512KiB,pool-resident=1MiB", "pool-scan,pool-resident=128KiB",
                               "pool-restore,pool-resident=1MiB", "pool-track,pool-resident=1MiB", "best,pool-resident=1MiB"}) {
    const Strategy parsed = parse_strategy(strategy);
    if (parsed.reset == Reset::track && !os::feature("userfaultfd_wp_async").ok) continue;
    PoolWith one(kEightMiB, parsed, 8);
    for (int round = 0; round < 12; ++round) {
      std::vector<Lease> leases;
      for (int i = 0; i < 8; ++i) {
        leases.emplace_back(one.pool, *one.tenant);
        std::byte* memory = leases.back()->memory(0).data();
        for (uint64_t page = 0; page < 100; ++page) {
          ASSERT_EQ(memory[page * 2 * os::kPageBytes + 9], std::byte{0}) << strategy << " round " << round;
          memory[page * 2 * os::kPageBytes + 9] = std::byte{0xee};
        }
      }
      leases.clear();
      const uint64_t limit = one.pool.store().budget().limit();
      EXPECT_LE(one.pool.store().budget().used(), limit) << strategy;
      const auto resident = os::resident_in(one.pool.store().reservations());
      ASSERT_TRUE(resident);
      EXPECT_LE(resident->private_dirty_bytes, limit + 8 * 4 * os::kPageBytes) << strategy;  // and the vmctxs
    }
    EXPECT_GT(one.pool.store().budget().used(), 0u) << strategy;
    one.pool.set_resident_budget(0);
    EXPECT_EQ(one.pool.store().budget().used(), 0u) << strategy;
    EXPECT_EQ(one.pool.stats().failed_resets + one.pool.stats().retired, 0u) << one.pool.stats().last_failure;
  }
}

TEST_F(Resident, TheSlotUnusedLongestMakesRoom) {
  PoolWith one(kEightMiB, parse_strategy("pool-restore,pool-resident=800KiB"), 2);  // two times 100 pages
  {
    Lease a(one.pool, *one.tenant), b(one.pool, *one.tenant);
    write(a, 100), write(b, 100);
  }
  EXPECT_EQ(one.pool.store().budget().used(), 200 * os::kPageBytes);
  one.pool.set_resident_budget(100 * os::kPageBytes);
  EXPECT_EQ(one.pool.stats().trimmed, 1u);
  EXPECT_EQ(one.pool.store().budget().used(), 100 * os::kPageBytes);
}

// Who comes next gets the slots that still keep their pages.
TEST_F(Resident, ATrimmedSlotIsHandedOutLast) {
  PoolWith one(kEightMiB, parse_strategy("pool-restore,pool-resident=1200KiB"), 4);  // three times 100 pages
  for (int round = 0; round < 3; ++round) {
    {
      std::vector<Lease> leases;
      for (int i = 0; i < 4; ++i) write(leases.emplace_back(one.pool, *one.tenant), 100);
      for (Lease& lease : leases) lease.release();
    }
    std::vector<Lease> next;
    for (int i = 0; i < 4; ++i) {
      next.emplace_back(one.pool, *one.tenant);
      EXPECT_EQ(next.back()->slot().resident_bytes(), i < 3 ? 100 * os::kPageBytes : 0u) << "round " << round << " slot " << i;
    }
  }
}

// What a thread that does nothing any more has left idle makes room for one that works.
TEST_F(Resident, AnIdleThreadsPagesMakeRoom) {
  const Strategy strategy = parse_strategy("pool-restore,pool-resident=800KiB");
  const auto its = Prepared::make(module_of(kEightMiB), strategy), mine = Prepared::make(module_of(kOtherEight), strategy);
  const auto store = std::make_shared<SlotStore>(strategy, SlotGeometry::covering(SlotGeometry::covering({}, *its), *mine), 8, 2);
  Pool idle(store, 0), busy(store, 1);
  const Tenant &its_tenant = idle.admit(its), &my_tenant = busy.admit(mine);
  {
    Lease a(idle, its_tenant), b(idle, its_tenant);
    write(a, 100), write(b, 100);
  }
  EXPECT_EQ(store->budget().used(), 200 * os::kPageBytes);
  for (int i = 0; i < 20; ++i) {
    Lease lease(busy, my_tenant);
    EXPECT_EQ(lease.path().slot, i == 0 ? SlotPath::cold : SlotPath::hit);
    EXPECT_EQ(lease->slot().resident_bytes(), i == 0 ? 0 : 90 * os::kPageBytes) << i;
    write(lease, 90);
  }
  EXPECT_EQ(busy.stats().trimmed, 1u);
  EXPECT_EQ(store->budget().used(), 190 * os::kPageBytes);
  Lease warm(idle, its_tenant), trimmed(idle, its_tenant);
  EXPECT_EQ(warm->slot().resident_bytes(), 100 * os::kPageBytes);
  EXPECT_EQ(trimmed->slot().resident_bytes(), 0u);
  EXPECT_EQ(trimmed.path().slot, SlotPath::stolen);
  EXPECT_EQ(trimmed.path().memory, MemoryPath::kept);
}

// A module that has kept nothing yet, in a pool whose budget is used up, is given some of what others keep idle; whatever the
// reset, and though nobody knows what it would keep.
TEST_F(Resident, AModuleThatComesLateGetsAShare) {
  for (const char* text : {"pool-restore,pool-resident=240KiB", "pool-scan,pool-resident=240KiB", "best,pool-resident=240KiB"}) {
    const Strategy strategy = parse_strategy(text);
    const auto first = Prepared::make(module_of(kEightMiB), strategy), late = Prepared::make(module_of(kOtherEight), strategy);
    Pool pool(strategy, SlotGeometry::covering(SlotGeometry::covering({}, *first), *late), 4);
    const Tenant &early = pool.admit(first), &tenant = pool.admit(late);
    {
      Lease a(pool, early), b(pool, early);
      write(a, 30), write(b, 30);
    }
    EXPECT_EQ(pool.store().budget().used(), 60 * os::kPageBytes) << text;
    for (int i = 0; i < 20; ++i) {
      Lease lease(pool, tenant);
      EXPECT_EQ(lease->slot().resident_bytes(), i == 0 ? 0 : 20 * os::kPageBytes) << text << " cycle " << i;
      write(lease, 20);
    }
    EXPECT_EQ(pool.stats().trimmed, 1u) << text;
  }
}

// Threads that trim each other's slots all the time: nobody is refused, nothing leaks, and the account is right.
TEST_F(Resident, ThreadsShareOneBudget) {
  for (const char* text : {"pool-restore", "pool-scan", "pool-keep,resident=64KiB", "pool-track", "best"}) {
    Strategy strategy = parse_strategy(text);
    if (strategy.reset == Reset::track && !os::feature("userfaultfd_wp_async").ok) continue;
    strategy.pool_resident_bytes = 60 * os::kPageBytes;
    strategy.reserve_bytes = uint64_t{16} << 20;
    strategy.guard_bytes = 65536;
    constexpr uint32_t kThreads = 3, kAlive = 2;
    constexpr std::array kModules{kEightMiB, kOtherEight};
    std::vector<std::shared_ptr<const Prepared>> prepared;
    SlotGeometry geometry;
    for (const char* wat : kModules) {
      prepared.push_back(Prepared::make(module_of(wat), strategy));
      geometry = SlotGeometry::covering(geometry, *prepared.back());
    }
    const auto store = std::make_shared<SlotStore>(strategy, geometry, kThreads * kAlive, kThreads);
    std::atomic<uint64_t> wrong{0}, refused{0}, failed{0};
    const auto work = [&](uint32_t thread) {
      Pool pool(store, thread);
      std::array<const Tenant*, kModules.size()> tenants{};
      for (size_t i = 0; i < tenants.size(); ++i) tenants[i] = &pool.admit(prepared[i]);
      for (uint64_t cycle = 0; cycle < 150; ++cycle) {
        std::vector<Lease> alive;
        try {
          for (uint32_t i = 0; i < kAlive; ++i) alive.emplace_back(pool, *tenants[(cycle / 20 + thread + i) % tenants.size()]);
        } catch (const std::length_error&) {
          ++refused;
        }
        for (Lease& lease : alive) {
          std::byte* memory = lease->memory(0).data();
          for (uint64_t page = 0; page < 40; ++page) {
            std::byte& at = memory[page * 3 * os::kPageBytes + 9];
            wrong += at == std::byte{0} ? 0 : 1;
            at = std::byte{0xee};
          }
        }
      }
      failed += pool.stats().failed_resets + pool.stats().retired;
    };
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0u) << text;
    EXPECT_EQ(refused, 0u) << text;
    EXPECT_EQ(failed, 0u) << text;
    uint64_t booked = 0, kept = 0;
    for (uint32_t i = 0; i < kThreads * kAlive; ++i) {
      booked += store->booked(i);
      kept += store->slot(i).resident_bytes();
    }
    EXPECT_EQ(booked, store->budget().used()) << text;
    EXPECT_EQ(booked, kept) << text;
    EXPECT_LE(kept, store->budget().limit()) << text;
  }
}

// What its resets found decides, and no reset that comes later decides otherwise.
TEST_F(Resident, AFrozenChoiceStays) {
  PoolWith one(kEightMiB, parse_strategy("best"), 1);
  for (int i = 0; i < 6; ++i) cycle(one, every(3, 50));
  const Choice& same = one.pool.freeze(*one.tenant);
  EXPECT_TRUE(same.keeps_pages);
  EXPECT_GE(same.resets, 2u);
  EXPECT_LT(same.keeping, same.giving_back / 2);
  const auto other_pages = [&](PoolWith& pool, uint64_t i) {
    std::vector<uint64_t> pages;
    for (uint64_t k = 0; k < 40; ++k) pages.push_back((i * 41 + k * 7) % 2048);
    return cycle(pool, pages).path;
  };
  for (uint64_t i = 0; i < 60; ++i) EXPECT_EQ(other_pages(one, i), ResetPath::restore);
  PoolWith two(kEightMiB, parse_strategy("best"), 1);
  for (uint64_t i = 0; i < 6; ++i) other_pages(two, i);
  const Choice& ever_new = two.pool.freeze(*two.tenant);
  EXPECT_FALSE(ever_new.keeps_pages);
  EXPECT_GT(ever_new.keeping, ever_new.giving_back * 0.9);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(cycle(two, every(3, 50)).path, ResetPath::madvise);
}

// Slots wait for their reset, and are then given back to the kernel all at once.
TEST_F(Resident, ABatchIsDiscardedInOneCall) {
  if (!os::feature("process_madvise").ok) GTEST_SKIP() << os::feature("process_madvise").why_not;
  PoolWith one(kEightMiB, parse_strategy("pool-lazy,reset=batch,batch=4"), 5);
  for (int round = 0; round < 3; ++round) {
    for (int i = 1; i <= 4; ++i) {
      const Release release = cycle(one, every(3, 10));
      EXPECT_EQ(release.path, ResetPath::batch);
      EXPECT_EQ(calls(release.cost, Call::process_madvise), i == 4 ? 1u : 0u);
      EXPECT_EQ(total(release.cost), i == 4 ? 1u : 0u);
    }
  }
  EXPECT_EQ(one.pool.stats().found(SlotPath::cold), 4u);
  EXPECT_EQ(one.pool.stats().found(SlotPath::hit), 8u);
}

// One slot less than would do: what waits is reset before an instance is refused, or another module's slot is taken.
TEST_F(Resident, WhatWaitsIsResetWhenItIsNeeded) {
  if (!os::feature("process_madvise").ok) GTEST_SKIP() << os::feature("process_madvise").why_not;
  PoolWith one(kEightMiB, parse_strategy("pool-lazy,reset=batch,batch=4"), 2);
  for (int round = 0; round < 6; ++round) {
    Lease lease(one.pool, *one.tenant);
    ASSERT_EQ(lease->memory(0)[9], std::byte{0});
    lease->memory(0)[9] = std::byte{0xee};
  }
  EXPECT_EQ(one.pool.stats().failed_resets, 0u);
}

// The best case, as ptrace sees it: libc's calls are counted too.
TEST_F(Resident, AWarmCycleThatTouchesNothingMakesNoSystemCall) {
  std::vector<os::TracedInterval> intervals;
  try {
    intervals = os::trace_child([] {
      PoolWith one(kEightMiB, parse_strategy("best"), 65);
      std::vector<Lease> alive;  // 64 of them in rotation
      const auto round = [&] {
        for (Lease& oldest : alive) {
          oldest.release();
          oldest = Lease(one.pool, *one.tenant);
        }
      };
      for (int i = 0; i < 64; ++i) alive.emplace_back(one.pool, *one.tenant);
      for (int i = 0; i < 4; ++i) round();
      os::trace_marker();
      for (int i = 0; i < 4; ++i) round();
      os::trace_marker();
    });
  } catch (const std::system_error& error) {
    GTEST_SKIP() << error.what();
  }
  ASSERT_EQ(intervals.size(), 1u);
  for (const auto& [name, count] : intervals[0]) ADD_FAILURE() << count << " calls of " << name;
}

// A pool of another thread over the same slots gets a warm one.
TEST_F(Resident, AnotherThreadGetsAWarmSlot) {
  const Strategy strategy = parse_strategy("best");
  const auto prepared = Prepared::make(module_of(kEightMiB), strategy);
  const auto store = std::make_shared<SlotStore>(strategy, SlotGeometry::covering({}, *prepared), 4, 2);
  Pool here(store, 0);
  Tenant& tenant = here.admit(prepared);
  { Lease lease(here, tenant); }
  std::thread([&] {
    Pool there(store, 1);
    Tenant& same = there.admit(prepared);
    const os::Counters before = os::counters();
    Lease lease(there, same);
    EXPECT_EQ(lease.path().slot, SlotPath::stolen);
    EXPECT_EQ(lease.path().memory, MemoryPath::kept);
    EXPECT_EQ(total(os::counters() - before), 0u);
    lease.release();
    EXPECT_EQ(there.stats().found(SlotPath::stolen), 1u);
    Lease own(there, same);
    EXPECT_EQ(own.path().slot, SlotPath::hit);
  }).join();
}

// Instances that only read: their pages stay mapped as long as nothing is given back.
TEST_F(Resident, WhereNothingIsWrittenThePagesStay) {
  PoolWith one(kEightMiB, parse_strategy("best"), 1);
  const auto read = [&] {
    Lease lease(one.pool, *one.tenant);
    const volatile std::byte* memory = lease->memory(0).data();
    static_cast<void>(memory[50 * os::kPageBytes]);
    lease.release();
    return lease.path().reset;
  };
  for (int i = 0; i < 12; ++i) read();
  const Choice& choice = one.pool.freeze(*one.tenant);
  EXPECT_GT(choice.settled, 0u);
  EXPECT_TRUE(choice.keeps_pages);
  EXPECT_EQ(read(), ResetPath::restore);
}

TEST_F(Resident, WhatNoResetEverFoundAgainIsNotKept) {
  PoolWith one(kEightMiB, parse_strategy("best,affinity=off"), 1);
  for (int i = 0; i < 12; ++i) cycle(one, {3, 5});
  EXPECT_FALSE(one.pool.freeze(*one.tenant).keeps_pages);
  EXPECT_EQ(cycle(one, {3, 5}).path, ResetPath::madvise);
}

// Far apart pages, each in a page table of its own, most of them new in each cycle: the search comes to cost more than the faults.
TEST_F(Resident, RestsWhereTheSearchHasBecomeTooLong) {
  PoolWith one("(module (memory 8192))", parse_strategy("best"), 1);
  const auto far = [](uint64_t i) { return std::vector<uint64_t>{0, 1, 2, 512 * (i % 200)}; };
  for (uint64_t i = 0; i < 8; ++i) cycle(one, far(0));
  EXPECT_TRUE(one.pool.freeze(*one.tenant).keeps_pages);
  uint64_t kept = 0, rested = 0;
  for (uint64_t i = 0; i < 400; ++i) (cycle(one, far(i)).path == ResetPath::restore ? kept : rested) += 1;
  EXPECT_GT(kept, 8u);
  EXPECT_GT(rested, 300u);
  // In a small memory, where there are few tables, the same never rests.
  PoolWith two(kEightMiB, parse_strategy("best"), 1);
  const auto near = [](uint64_t i) { return std::vector<uint64_t>{0, 1, 2, 10 + 3 * (i % 200)}; };
  for (uint64_t i = 0; i < 8; ++i) cycle(two, near(0));
  EXPECT_TRUE(two.pool.freeze(*two.tenant).keeps_pages);
  for (uint64_t i = 0; i < 400; ++i) EXPECT_EQ(cycle(two, near(i)).path, ResetPath::restore);
}

}  // namespace
}  // namespace instbench
