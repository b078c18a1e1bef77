// What a host may do to the memory of tenants: lock it, send it out, age it, make it huge; and tenants that write thousands
// of runs. Each test shows that this really happened, and that the next tenant finds a pristine slot all the same.
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "runtime/os/features.hpp"
#include "runtime/os/fork.hpp"
#include "runtime/os/mapping.hpp"
#include "runtime/pool/hostile_fixture.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

// 12 MiB, of which 4 MiB are image: room for huge pages, and for more than a thousand runs.
const ThreeModules& large_modules() {
  static const ThreeModules kModules(192, 1024);
  return kModules;
}

// The sum of a field of /proc/self/smaps ("Locked", in KiB there) over the mappings that reach into the range, in bytes.
uint64_t smaps_sum(os::Range range, const std::string& field) {
  std::ifstream file("/proc/self/smaps");
  const std::string pattern = field + ": %" SCNu64;
  uint64_t sum = 0;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    uint64_t begin = 0, end = 0, kib = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " ", &begin, &end) == 2 && line.find(' ') > line.find('-'))
      inside = begin < reinterpret_cast<uint64_t>(range.end()) && end > reinterpret_cast<uint64_t>(range.base);
    else if (inside && std::sscanf(line.c_str(), pattern.c_str(), &kib) == 1)
      sum += kib * 1024;
  }
  return sum;
}

os::Range memory_of(const Instance& instance) { return {instance.memory(0).data(), instance.memory(0).size()}; }

class HostileMemory : public testing::TestWithParam<Strategy> {
 protected:
  // Gives the lease back. A reset that failed must have been repaired, and stats() must say which call it was. (With
  // reset=batch it is made later, and counted then.)
  static void release(Tenancy& one, Lease& lease) {
    const uint64_t failed = one.pool.stats().failed_resets;
    lease.release();
    const PoolStats& stats = one.pool.stats();
    EXPECT_EQ(stats.retired, 0u) << stats.last_failure;
    if (lease.path().reset != ResetPath::batch) {
      EXPECT_EQ(stats.failed_resets - failed, lease.path().reset == ResetPath::wipe ? 1u : 0u);
    }
    if (stats.failed_resets != 0) {
      EXPECT_NE(stats.last_failure.find("madvise("), std::string::npos) << stats.last_failure;
    }
  }
  // Does `advise` to what tenants have, while they live and between them. How much a field of smaps fell by it, in bytes.
  static uint64_t advised(const Strategy& strategy, void (*advise)(os::Range), const std::string& field) {
    Tenancy one(large_modules(), strategy);
    uint64_t fallen = 0;
    const auto apply = [&](os::Range range) {
      const uint64_t before = smaps_sum(range, field);
      advise(range);
      fallen += before - std::min(before, smaps_sum(range, field));
    };
    for (uint64_t round = 0; round < 8; ++round) {
      Lease lease(one.pool, round % 4 == 3 ? one.twin : one.large);
      one.expect_pristine(lease);
      if (round % 2 == 0) apply(memory_of(lease.instance()));  // what was only read
      spoil(lease.instance(), round % 3, 3);
      spoil_growth(lease.instance());
      apply(lease->slot().range());
      release(one, lease);
      EXPECT_EQ(one.pool.stats().failed_resets, 0u) << one.pool.stats().last_failure;
      for (const os::Range range : one.pool.store().reservations()) apply(range);
    }
    return fallen;
  }
  static bool gives_pages_back(const Strategy& strategy) {
    return strategy.reset == Reset::madvise || strategy.reset == Reset::batch;
  }
};
INSTANTIATE_TEST_SUITE_P(All, HostileMemory, testing::ValuesIn(all_strategies()), name_of_strategy);

// MADV_DONTNEED refuses locked pages (EINVAL) and leaves them as they are. The raw call: sanitizers make mlock(3) nothing.
TEST_P(HostileMemory, LockedByTheTenant) {
  Tenancy one(large_modules(), GetParam());
  for (int round = 0; round < 6; ++round) {
    Lease lease(one.pool, round % 3 == 2 ? one.twin : one.large);
    one.expect_pristine(lease);
    const os::Range slot = lease->slot().range(), memory = memory_of(lease.instance());
    // Round by round: the memory, the tables beside it, both.
    std::byte* tables = reinterpret_cast<std::byte*>(lease->slot().table_base(lease->prepared(), 0));
    const os::Range locked = round % 3 == 0   ? memory
                             : round % 3 == 1 ? os::Range{tables, static_cast<size_t>(memory.base - tables)}
                                              : os::Range{tables, static_cast<size_t>(memory.end() - tables)};
    if (::syscall(SYS_mlock, locked.base, locked.bytes) != 0) GTEST_SKIP() << "mlock: " << std::strerror(errno);
    ASSERT_GE(smaps_sum(slot, "Locked"), locked.bytes);
    spoil(lease.instance());
    spoil_growth(lease.instance());
    release(one, lease);
    if (lease.path().reset == ResetPath::wipe) {
      EXPECT_EQ(smaps_sum(slot, "Locked"), 0u);
    }
  }
  if (gives_pages_back(GetParam())) {
    EXPECT_GT(one.pool.stats().failed_resets, 0u);
  }
  std::cout << one.pool.stats().failed_resets << " resets of 6 failed and were repaired\n";
}

// mlockall(MCL_FUTURE): what is mapped from now on is locked, and private from the start.
TEST_P(HostileMemory, LockedAsSoonAsItIsMapped) {
  static_cast<void>(os::features());  // probed without locks
  constexpr const char* kSkip = "skipped: ";
  const os::ForkResult child = os::run_forked(
      [] {
        if (::syscall(SYS_mlockall, MCL_FUTURE) != 0) throw std::runtime_error(kSkip + std::string("mlockall: ") + std::strerror(errno));
        Tenancy one(large_modules(), GetParam());
        for (int round = 0; round < 6; ++round) {
          Lease lease(one.pool, round % 3 == 2 ? one.small : one.large);
          one.expect_pristine(lease);
          EXPECT_GE(smaps_sum(lease->slot().range(), "Locked"), lease->memory(0).size());
          spoil(lease.instance());
          spoil_growth(lease.instance());
          release(one, lease);
        }
        if (gives_pages_back(GetParam())) {
          EXPECT_GT(one.pool.stats().failed_resets, 0u);
        }
        if (HasFailure()) throw std::runtime_error("see the failures above");
      },
      std::chrono::minutes(2));
  if (child.message.starts_with(kSkip)) GTEST_SKIP() << child.message;
  EXPECT_TRUE(child.ok) << child.message;
}

// More runs than reset=scan looks at (32), than one scan returns (341), than reset=restore remembers (1,024).
TEST_P(HostileMemory, ThousandsOfRuns) {
  Tenancy one(large_modules(), GetParam());
  const bool overlay = GetParam().memory == MemoryInit::overlay;
  const auto find = GetParam().reset == Reset::track ? os::find_written_pages : os::find_private_pages;
  uint64_t most = 0;
  for (const uint64_t step : {2, 64, 6, 2, 64, 2}) {
    for (const uint64_t first : {0, 1}) {
      Lease lease(one.pool, one.large);
      one.expect_pristine(lease);
      spoil(lease.instance(), first, step);
      uint64_t runs = 0;
      if (os::feature("pagemap_scan").ok) {
        os::each_batch(memory_of(lease.instance()), find, [&](std::span<const os::PageRegion> regions) {
          runs += regions.size();
          return true;
        });
        most = std::max(most, runs);
      }
      release(one, lease);
      EXPECT_EQ(one.pool.stats().failed_resets, 0u) << one.pool.stats().last_failure;
    }
  }
  if (!os::feature("pagemap_scan").ok) GTEST_SKIP() << "nothing leaked; runs uncounted: " << os::feature("pagemap_scan").why_not;
  EXPECT_GT(most, overlay ? 1024u : 1000u);  // copied memory has private pages throughout the image: one run
  std::cout << most << " runs\n";
}

// MADV_PAGEOUT. What can go out: clean pages of files; the rest needs swap.
TEST_P(HostileMemory, SentOut) {
  const uint64_t out = advised(GetParam(), [](os::Range range) { os::page_out(range); }, "Rss");
  if (out == 0) GTEST_SKIP() << "nothing leaked, but nothing went out: no swap, and no clean pages of files";
  std::cout << out / os::kPageBytes << " pages sent out\n";
}

// MADV_COLD clears what the kernel knows of their use.
TEST_P(HostileMemory, Aged) {
  EXPECT_GT(advised(GetParam(), [](os::Range range) { os::make_cold(range); }, "Referenced"), 1000 * os::kPageBytes);
}

// Pages that become huge between a tenant's writes and the reset, and while the slot is idle.
TEST_P(HostileMemory, MadeHuge) {
  Tenancy one(large_modules(), GetParam());
  const bool refuses = GetParam().find == Find::faults;  // it must: pages would become private without a fault
  uint64_t huge = 0;
  for (uint64_t round = 0; round < 8; ++round) {
    Lease lease(one.pool, round % 4 == 3 ? one.twin : one.large);
    one.expect_pristine(lease);
    const os::Range memory = memory_of(lease.instance()), slot = lease->slot().range();
    // Every page, some of them, or one in each 2 MiB: the rest of a huge page is new.
    spoil(lease.instance(), round % 3, round % 3 == 0 ? 1 : round % 3 == 1 ? 5 : 512);
    os::collapse(memory);
    huge += smaps_sum(slot, "AnonHugePages");
    spoil(lease.instance(), 3, 7);
    spoil_growth(lease.instance());
    release(one, lease);
    EXPECT_EQ(one.pool.stats().failed_resets, 0u) << one.pool.stats().last_failure;
    if (one.pool.store().reservations().empty()) continue;
    os::collapse(memory);
    huge += smaps_sum(slot, "AnonHugePages");
  }
  if (refuses) {
    EXPECT_EQ(huge, 0u);
  } else if (huge == 0) {
    GTEST_SKIP() << "nothing leaked, but the kernel made no huge page (MADV_COLLAPSE, Linux 6.1): " << std::strerror(errno);
  }
  std::cout << (huge >> 20) << " MiB of huge pages seen\n";
}

// thp=on: they are huge from their first write.
TEST_P(HostileMemory, HugeFromTheStart) {
  Strategy strategy = GetParam();
  strategy.thp = Thp::on;
  if (strategy.find == Find::faults) GTEST_SKIP() << "find=faults refuses thp=on";
  Tenancy one(large_modules(), strategy);
  uint64_t huge = 0;
  for (uint64_t round = 0; round < 8; ++round) {
    Lease lease(one.pool, round % 4 == 3 ? one.twin : one.large);
    one.expect_pristine(lease);
    spoil(lease.instance(), round % 3, round % 3 == 0 ? 1 : round % 3 == 1 ? 5 : 512);
    spoil_growth(lease.instance());
    huge += smaps_sum(lease->slot().range(), "AnonHugePages");
    release(one, lease);
    EXPECT_EQ(one.pool.stats().failed_resets, 0u) << one.pool.stats().last_failure;
  }
  if (huge == 0) {
    GTEST_SKIP() << "nothing leaked, but the kernel made no huge page: "
                 << (strategy.reset == Reset::track ? "it protects small ones to track writes"
                                                    : "/sys/kernel/mm/transparent_hugepage/enabled");
  }
  std::cout << (huge >> 20) << " MiB of huge pages seen\n";
}

}  // namespace
}  // namespace instbench
