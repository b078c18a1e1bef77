#include "runtime/pool/pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "runtime/os/counters.hpp"
#include "runtime/os/usage.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench {
namespace {

using namespace testing_modules;
using os::Call;

std::string text_at(Instance instance, uint64_t at, size_t length) {
  return std::string(reinterpret_cast<const char*>(instance.memory(0).data()) + at, length);
}

// What a tenant of kRich must find, whoever was there before.
void expect_rich(Instance instance) {
  ASSERT_EQ(instance.memory(0).size(), 3 * kWasmPageBytes);
  EXPECT_EQ(text_at(instance, 100, 5), "first");
  EXPECT_EQ(text_at(instance, 140000, 6), "second");
  uint64_t nonzero = 0;
  for (const std::byte b : instance.memory(0)) nonzero += b != std::byte{0} ? 1 : 0;
  EXPECT_EQ(nonzero, 11u);
  EXPECT_FALSE(os::readable(instance.memory(0).data() + instance.memory(0).size()));
  ASSERT_EQ(instance.table_size(0), 40u);
  const auto function = [&](uint64_t entry) {
    return instance.prepared().function_of(instance.take(0, entry), instance.vmctx().base());
  };
  EXPECT_EQ(function(3), 1u);
  EXPECT_EQ(function(4), 2u);
  EXPECT_EQ(function(5), 0u);
  for (uint64_t i = 0; i < 40; ++i) EXPECT_EQ(instance.take(0, i).is_null(), i < 3 || i > 5) << i;
  const auto global = [&](size_t index) {
    uint64_t value = 0;
    std::memcpy(&value, instance.vmctx().global(index), sizeof value);
    return value;
  };
  EXPECT_EQ(global(0), 0u);
  EXPECT_EQ(global(1), 7u);
  EXPECT_EQ(global(2), UINT64_MAX);
  FuncRef reference;
  std::memcpy(&reference, instance.vmctx().global(4), sizeof reference);
  EXPECT_EQ(instance.prepared().function_of(reference, instance.vmctx().base()), 1u);
}

void mess_up(Instance instance) {
  std::memset(instance.memory(0).data(), 0xfe, instance.memory(0).size());
  ASSERT_TRUE(instance.grow_memory(0, 2));
  std::memset(instance.memory(0).data(), 0xfd, instance.memory(0).size());
  write_all_entries(instance, 0, 2);
  if (!instance.prepared().table(0).retained) {
    ASSERT_TRUE(instance.grow_table(0, 10));
    instance.set(0, 45, instance.prepared().ref_to(1, instance.vmctx().base()));
  }
  const VmctxLayout& layout = instance.prepared().layout();
  std::memset(instance.vmctx().base() + layout.globals, 0xee, layout.total - layout.globals);
}

class EveryStrategy : public testing::TestWithParam<Strategy> {};
INSTANTIATE_TEST_SUITE_P(All, EveryStrategy, testing::ValuesIn(all_strategies()),
                         [](const auto& one) { return "n" + std::to_string(one.index); });

TEST_P(EveryStrategy, IsPristineAfterAnyTenant) {
  PoolWith one(kRich, GetParam(), 2);
  for (int round = 0; round < 4; ++round) {
    Lease a(one.pool, *one.tenant), b(one.pool, *one.tenant);
    expect_rich(a.instance());
    expect_rich(b.instance());
    mess_up(a.instance());
    expect_rich(b.instance());
    mess_up(b.instance());
  }
  EXPECT_EQ(one.pool.stats().failed_resets, 0u);
}

TEST_P(EveryStrategy, AnotherModuleAndBackAgain) {
  const auto rich = Prepared::make(module_of(kRich), GetParam()),
             twin = Prepared::make(module_of(kRichTwin), GetParam()),
             other = Prepared::make(module_of(kOther), GetParam()), bare = Prepared::make(module_of(kBare), GetParam());
  SlotGeometry geometry;
  for (const auto& prepared : {rich, twin, other, bare}) geometry = SlotGeometry::covering(geometry, *prepared);
  Pool pool(GetParam(), geometry, 1);
  const Tenant &r = pool.admit(rich), &t = pool.admit(twin), &o = pool.admit(other), &n = pool.admit(bare);
  for (int round = 0; round < 3; ++round) {
    {
      Lease lease(pool, r);
      expect_rich(lease.instance());
      mess_up(lease.instance());
    }
    {
      Lease lease(pool, o);  // smaller, after a grown one
      ASSERT_EQ(lease->memory(0).size(), kWasmPageBytes);
      EXPECT_EQ(text_at(lease.instance(), 65530, 5), "other");
      EXPECT_EQ(text_at(lease.instance(), 100, 5), std::string(5, '\0'));
      EXPECT_FALSE(os::readable(lease->memory(0).data() + kWasmPageBytes));
      EXPECT_TRUE(lease->take(0, 3).is_null());
      EXPECT_EQ(lease->prepared().function_of(lease->take(0, 8), lease->vmctx().base()), 0u);
    }
    { Lease lease(pool, n); }
    {
      Lease lease(pool, r);
      expect_rich(lease.instance());
      mess_up(lease.instance());
    }
    {
      Lease lease(pool, t);  // the same memory image, another table
      EXPECT_EQ(text_at(lease.instance(), 140000, 6), "second");
      ASSERT_EQ(lease->table_size(0), 5u);
      EXPECT_EQ(lease->prepared().function_of(lease->take(0, 0), lease->vmctx().base()), 0u);
      for (uint64_t i = 1; i < 5; ++i) EXPECT_TRUE(lease->take(0, i).is_null());
    }
  }
}

// The same image, another minimum: what is beyond the smaller one must fault, what the larger one adds must be zero.
TEST_P(EveryStrategy, SameImageOtherSizes) {
  const auto rich = Prepared::make(module_of(kRich), GetParam()),
             larger = Prepared::make(module_of(kRichLarger), GetParam());
  Pool pool(GetParam(), SlotGeometry::covering(SlotGeometry::covering({}, *rich), *larger), 1);
  const Tenant &r = pool.admit(rich), &l = pool.admit(larger);
  for (int round = 0; round < 3; ++round) {
    {
      Lease lease(pool, l);
      ASSERT_EQ(lease->memory(0).size(), 6 * kWasmPageBytes);
      for (const std::byte b : lease->memory(0).subspan(3 * kWasmPageBytes)) ASSERT_EQ(b, std::byte{0});
      for (uint64_t i = 0; i < 69; ++i) ASSERT_TRUE(lease->take(0, i).is_null()) << i;
      EXPECT_EQ(lease->prepared().function_of(lease->take(0, 69), lease->vmctx().base()), 0u);
      std::memset(lease->memory(0).data(), 0xfc, lease->memory(0).size());
      write_all_entries(lease.instance(), 0, 0);
    }
    {
      Lease lease(pool, r);
      expect_rich(lease.instance());
      mess_up(lease.instance());
    }
  }
}

// Grown memory reads as zero for the next tenant that grows, in tables kept over a reset too.
TEST_P(EveryStrategy, GrownMemoryAndKeptTablesAreCleanAgain) {
  PoolWith one(kRich, GetParam(), 1);
  for (int round = 0; round < 4; ++round) {
    Lease lease(one.pool, *one.tenant);
    for (uint64_t i = 0; i < 40; ++i) ASSERT_EQ(lease->take(0, i).is_null(), i < 3 || i > 5) << i;
    ASSERT_TRUE(lease->grow_memory(0, 7));
    for (const std::byte b : lease->memory(0).subspan(3 * kWasmPageBytes)) ASSERT_EQ(b, std::byte{0});
    std::memset(lease->memory(0).data(), 0xfe, lease->memory(0).size());
    // Tables are not grown here: a reset that keeps them must still not show these entries.
    write_all_entries(lease.instance(), 0, 2);
  }
}

TEST_P(EveryStrategy, ManyExtentsAndMemoriesStartAsTheirSegmentsSay) {
  PoolWith one(kWide, GetParam(), 1);
  for (int round = 0; round < 3; ++round) {
    Lease lease(one.pool, *one.tenant);
    EXPECT_EQ(text_at(lease.instance(), 4090, 14), "a run of pages");
    EXPECT_EQ(text_at(lease.instance(), 8190, 7), "goes on");
    EXPECT_EQ(text_at(lease.instance(), 900000, 8), "far away");
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(lease->memory(1).data()) + 65530, 13), "second memory");
    uint64_t v128[2];
    std::memcpy(v128, lease->vmctx().global(0), sizeof v128);
    EXPECT_EQ(v128[0], 3u);
    EXPECT_EQ(v128[1], 4u);
    FuncRef reference;
    std::memcpy(&reference, lease->vmctx().global(1), sizeof reference);
    EXPECT_EQ(lease->prepared().function_of(reference, lease->vmctx().base()), 0u);
    for (const size_t memory : {0, 1}) std::memset(lease->memory(memory).data(), 0xfb, lease->memory(memory).size());
    std::memset(lease->vmctx().global(0), 0xee, 16);
    std::memset(lease->vmctx().global(1), 0, sizeof(FuncRef));
  }
}

TEST_P(EveryStrategy, DynamicSegmentsKeepTheirOrder) {
  PoolWith one(kDynamic, GetParam(), 1);
  for (int round = 0; round < 3; ++round) {
    Lease lease(one.pool, *one.tenant);
    EXPECT_EQ(text_at(lease.instance(), 0, 8), "DDzzaaaa");
    const auto function = [&](uint64_t entry) {
      return lease->prepared().function_of(lease->take(0, entry), lease->vmctx().base());
    };
    EXPECT_EQ(function(0), 1u);
    EXPECT_EQ(function(1), 0u);
    EXPECT_EQ(function(2), 0u);
    EXPECT_TRUE(lease->take(0, 3).is_null());
    std::memset(lease->memory(0).data(), 0xff, 65536);
  }
}

TEST_P(EveryStrategy, ASegmentOutOfBoundsFailsEveryTimeAndNamesItself) {
  PoolWith one(kOutOfBounds, GetParam(), 1);
  for (int round = 0; round < 3; ++round) {
    try {
      Lease lease(one.pool, *one.tenant);
      FAIL() << "instantiated";
    } catch (const InstantiationError& error) {
      EXPECT_STREQ(error.what(), "instantiation failed: data segment 1 writes [65534, 65538) of 65536 bytes");
    }
  }
  EXPECT_EQ(one.pool.stats().failed_resets + one.pool.stats().retired, 0u);
}

TEST_P(EveryStrategy, LimitsOfGrowthHold) {
  PoolWith one(kRich, GetParam(), 1);
  Lease lease(one.pool, *one.tenant);
  EXPECT_FALSE(lease->grow_memory(0, 8));
  EXPECT_EQ(lease->grow_memory(0, 7), 3u);
  EXPECT_FALSE(lease->grow_memory(0, 1));
  if (lease->prepared().table(0).retained) {
    EXPECT_FALSE(lease->grow_table(0, 1)) << "nothing can write it";
    return;
  }
  EXPECT_FALSE(lease->grow_table(0, 61));
  EXPECT_EQ(lease->grow_table(0, 60), 40u);
  EXPECT_TRUE(lease->take(0, 99).is_null());
}

TEST_P(EveryStrategy, APoolThatIsFullSaysSo) {
  PoolWith one(kRich, GetParam(), 1);
  Lease lease(one.pool, *one.tenant);
  EXPECT_THROW(Lease(one.pool, *one.tenant), std::length_error);
}

// Fails the k-th call of each kind in turn, over a whole life: whatever happens, what is handed out is pristine.
TEST_P(EveryStrategy, NoFaultLeaksOrLoses) {
  for (const Call call : {Call::mmap, Call::munmap, Call::mprotect, Call::madvise, Call::ioctl, Call::process_madvise,
                          Call::getrusage}) {
    for (uint64_t kth = 1; kth < 12; ++kth) {
      PoolWith one(kRich, GetParam(), 1);
      bool fired = false;
      for (int round = 0; round < 3; ++round) {
        if (round == 0) os::inject_fault(call, kth, ENOMEM);
        try {
          Lease lease(one.pool, *one.tenant);
          expect_rich(lease.instance());
          mess_up(lease.instance());
        } catch (const std::system_error& error) {
          EXPECT_NE(std::string(error.what()).find(std::string(os::name_of(call))), std::string::npos) << error.what();
          fired = true;
        } catch (const std::length_error&) {
          EXPECT_EQ(one.pool.stats().retired, 1u);
        }
      }
      fired = !os::clear_fault() || fired;
      const PoolStats& stats = one.pool.stats();
      if (stats.failed_resets + stats.retired != 0) {
        EXPECT_NE(stats.last_failure.find(std::string(os::name_of(call))), std::string::npos) << stats.last_failure;
      }
      if (!fired) break;  // fewer than k such calls in three lives
    }
  }
}

size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  return static_cast<size_t>(std::count(std::istreambuf_iterator<char>(maps), {}, '\n'));
}

TEST_P(EveryStrategy, LeavesNoMappingBehind) {
  { const PoolWith warm(kRich, GetParam(), 4); }
  const size_t before = mappings();
  {
    PoolWith one(kRich, GetParam(), 4);
    std::vector<Lease> leases;
    for (int i = 0; i < 4; ++i) leases.emplace_back(one.pool, *one.tenant);
    EXPECT_GT(mappings(), before);
  }
  EXPECT_LE(mappings(), before);
}

struct Cost {
  os::Counters instantiate, release;
  Path path;
};

Cost warm_cost(const char* wat, const Strategy& strategy) {
  PoolWith one(wat, strategy, 1);
  { Lease first(one.pool, *one.tenant); }
  Cost cost;
  const os::Counters begin = os::counters();
  Lease lease(one.pool, *one.tenant);
  const os::Counters made = os::counters();
  lease.release();
  cost.instantiate = made - begin;
  cost.release = os::counters() - made;
  cost.path = lease.path();
  return cost;
}

uint64_t total(const os::Counters& counters) {
  uint64_t sum = 0;
  for (const uint64_t calls : counters.calls) sum += calls;
  return sum;
}

uint64_t calls(const os::Counters& counters, Call call) { return counters.calls[static_cast<size_t>(call)]; }

TEST(ExactCost, PoolLazyWarmMakesNoCallAndOneMadviseInRelease) {
  const Cost cost = warm_cost(kRich, parse_strategy("pool-lazy"));
  EXPECT_EQ(total(cost.instantiate), 0u);
  EXPECT_EQ(total(cost.release), 1u);
  EXPECT_EQ(calls(cost.release, Call::madvise), 1u);
  EXPECT_EQ(cost.instantiate.table_entries, 0u);
  EXPECT_EQ(to_string(cost.path), "slot=hit memory=kept tables=lazy reset=madvise");
}

TEST(ExactCost, EagerMapsCopiesFillsAndUnmaps) {
  const Cost cost = warm_cost(kRich, parse_strategy("eager"));
  EXPECT_EQ(calls(cost.instantiate, Call::mmap), 1u);
  EXPECT_EQ(calls(cost.instantiate, Call::mprotect), 1u);
  EXPECT_EQ(total(cost.instantiate), 2u);
  EXPECT_EQ(calls(cost.release, Call::munmap), 1u);
  EXPECT_EQ(total(cost.release), 1u);
  EXPECT_EQ(cost.instantiate.table_entries, 40u);
  EXPECT_EQ(to_string(cost.path), "slot=fresh memory=copied tables=filled reset=unmap");
}

TEST(ExactCost, OverlayMapsAnExtentMore) {
  const Cost cost = warm_cost(kRich, parse_strategy("overlay-lazy"));
  EXPECT_EQ(calls(cost.instantiate, Call::mmap), 2u);  // pages 0 and 34: one extent
  EXPECT_EQ(calls(cost.instantiate, Call::mprotect), 1u);
  EXPECT_EQ(calls(cost.release, Call::munmap), 1u);
}

TEST(ExactCost, PoolCopyMakesNoCallAtAll) {
  const Cost cost = warm_cost(kRich, parse_strategy("pool-copy"));
  EXPECT_EQ(total(cost.instantiate) + total(cost.release), 0u);
  EXPECT_EQ(cost.release.bytes_copied, 2 * 4096u);
  EXPECT_EQ(cost.release.bytes_zeroed, 3 * 65536u - 2 * 4096u + 40 * sizeof(FuncRef));
}

TEST(ExactCost, RemapMapsTablesMemoryAndExtents) {
  const Cost cost = warm_cost(kRich, parse_strategy("pool-lazy,reset=remap"));
  EXPECT_EQ(total(cost.instantiate), 0u);
  EXPECT_EQ(calls(cost.release, Call::mmap), 3u);
  EXPECT_EQ(total(cost.release), 3u);
}

TEST(ExactCost, GrowthIsClosedAgainWithOneCallMore) {
  PoolWith one(kRich, parse_strategy("pool-lazy"), 1);
  Lease lease(one.pool, *one.tenant);
  ASSERT_TRUE(lease->grow_memory(0, 1));
  const os::Counters before = os::counters();
  lease.release();
  const os::Counters cost = os::counters() - before;
  EXPECT_EQ(calls(cost, Call::madvise), 1u);
  EXPECT_EQ(calls(cost, Call::mprotect), 1u);
  EXPECT_EQ(total(cost), 2u);
}

TEST(ExactCost, ModulesWithEqualMemoryShareTheirAffinity) {
  const Strategy strategy = parse_strategy("pool-lazy");
  const auto first = Prepared::make(module_of(kRich), strategy), reloaded = Prepared::make(module_of(kRich), strategy);
  Pool pool(strategy, SlotGeometry::covering({}, *first), 4);
  const Tenant &a = pool.admit(first), &b = pool.admit(reloaded);
  { Lease lease(pool, a); }
  const os::Counters before = os::counters();
  Lease lease(pool, b);
  EXPECT_EQ(lease.path().slot, SlotPath::hit);
  EXPECT_EQ(lease.path().memory, MemoryPath::kept);
  EXPECT_EQ(total(os::counters() - before), 0u);
}

TEST(ExactCost, WithoutAffinityEverySlotIsMappedAnew) {
  const Cost cost = warm_cost(kRich, parse_strategy("pool-lazy,affinity=off"));
  EXPECT_EQ(cost.path.slot, SlotPath::evicted);
  EXPECT_EQ(cost.path.memory, MemoryPath::mapped);
  EXPECT_EQ(calls(cost.instantiate, Call::mmap), 2u);  // the wipe and the extent
  EXPECT_EQ(calls(cost.instantiate, Call::mprotect), 1u);
}

TEST(ExactCost, A32BitMemoryEndsAtFourGiBWhateverIsReserved) {
  Strategy strategy = parse_strategy("pool-lazy,reserve=8GiB");
  PoolWith one("(module (memory 1))", strategy, 1);
  Lease lease(one.pool, *one.tenant);
  EXPECT_FALSE(lease->grow_memory(0, 65536));
  EXPECT_TRUE(lease->grow_memory(0, 65535));
}

TEST(ExactCost, EvictionThrowsTheOldImageAway) {
  const Strategy strategy = parse_strategy("pool-lazy");
  const auto rich = Prepared::make(module_of(kRich), strategy), other = Prepared::make(module_of(kOther), strategy);
  Pool pool(strategy, SlotGeometry::covering(SlotGeometry::covering({}, *rich), *other), 1);
  const Tenant &r = pool.admit(rich), &o = pool.admit(other);
  { Lease lease(pool, r); }
  Lease lease(pool, o);
  EXPECT_EQ(lease.path().slot, SlotPath::evicted);
  EXPECT_EQ(lease.path().memory, MemoryPath::mapped);
}

TEST(Unsupported, NamesWhatTheCoreCannot) {
  const auto refusal = [](const char* wat) -> std::string {
    try {
      Prepared::make(module_of(wat), parse_strategy("pool-lazy"));
    } catch (const Unsupported& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(refusal("(module (memory i64 1))").find("64-bit memory"), std::string::npos);
  EXPECT_NE(refusal("(module (table 10000001 funcref))").find("10000001 entries"), std::string::npos);
  EXPECT_EQ(refusal("(module (table 10000000 funcref))"), "accepted");
  EXPECT_NE(refusal("(module (global i32 (i32.add (i32.const 1) (i32.const 2))))").find("extended constant"),
            std::string::npos);
}

}  // namespace
}  // namespace instbench
