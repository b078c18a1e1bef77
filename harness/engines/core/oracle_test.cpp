#include "harness/engines/core/oracle.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "runtime/pool/test_modules.hpp"

namespace instbench::bench {
namespace {

using namespace testing_modules;

struct Checked {
  Oracle oracle{module_of(kRich)};
  PoolWith one{kRich, parse_strategy("pool-lazy"), 1};
};

TEST(Oracle, EveryStrategyIsIsolated) {
  for (const char* wat : {kRich, kRichTwin, kRichLarger, kWide, kOther, kBare, kDynamic}) {
    Oracle oracle(module_of(wat));
    for (const Strategy& strategy : all_strategies()) {
      PoolWith one(wat, strategy, 1);
      EXPECT_EQ(find_leak(one.pool, *one.tenant, oracle, 4, 1), std::nullopt) << canonical(strategy);
    }
  }
}

// The oracle itself must be able to fail: plant one difference of each kind.
TEST(Oracle, FindsOneByte) {
  Checked c;
  for (const uint64_t at : {uint64_t{0}, uint64_t{99}, uint64_t{140005}, 3 * kWasmPageBytes - 1}) {
    Lease lease(c.one.pool, *c.one.tenant);
    ASSERT_EQ(c.oracle.difference(lease.instance()), std::nullopt);
    lease->memory(0)[at] ^= std::byte{1};
    EXPECT_NE(c.oracle.difference(lease.instance()).value_or("").find("memory 0 at 0x"), std::string::npos);
  }
}

TEST(Oracle, FindsOneEntryAndOneGlobal) {
  Checked c;
  {
    Lease lease(c.one.pool, *c.one.tenant);
    lease->set(0, 4, lease->prepared().ref_to(1, lease->vmctx().base()));
    EXPECT_EQ(c.oracle.difference(lease.instance()), "table 0 entry 4: function 1, expected function 2");
  }
  {
    Lease lease(c.one.pool, *c.one.tenant);
    lease->set(0, 0, lease->prepared().ref_to(1, lease->vmctx().base()));
    EXPECT_EQ(c.oracle.difference(lease.instance()), "table 0 entry 0: function 1, expected null");
  }
  {
    Lease lease(c.one.pool, *c.one.tenant);
    std::vector<std::byte> elsewhere(lease->prepared().layout().total);  // another instance's vmctx
    lease->set(0, 4, c.one.prepared->ref_to(2, elsewhere.data()));
    EXPECT_EQ(c.oracle.difference(lease.instance()), "table 0 entry 4: a foreign reference, expected function 2");
  }
  {
    Lease lease(c.one.pool, *c.one.tenant);
    const uint64_t value = 8;
    std::memcpy(lease->vmctx().global(1), &value, sizeof value);
    EXPECT_EQ(c.oracle.difference(lease.instance()), "global 1: 0x8, expected 0x7");
  }
  {
    Lease lease(c.one.pool, *c.one.tenant);
    lease->vmctx().dropped()[0] ^= std::byte{1};
    EXPECT_EQ(c.oracle.difference(lease.instance()), "the dropped-segment flags differ");
  }
}

TEST(Oracle, FindsMemoryLeftOpen) {
  Checked c;
  Lease lease(c.one.pool, *c.one.tenant);
  lease->slot().grow(0, 4 * kWasmPageBytes);  // opened without memory.grow
  EXPECT_EQ(c.oracle.difference(lease.instance()), "memory 0 can be read at 0x30000, beyond its end");
}

TEST(Oracle, FindsWhatIsLeftInGrownMemory) {
  Checked c;
  Lease lease(c.one.pool, *c.one.tenant);
  lease->slot().grow(0, 5 * kWasmPageBytes);  // a former tenant's pages, not given away
  lease->slot().memory_base(0)[4 * kWasmPageBytes + 5] = std::byte{9};
  EXPECT_EQ(Oracle::growth_difference(lease.instance()), "memory 0, grown, at 0x40005: 0x9, expected 0x0");
}

// A tenant that skips its reset, as a wrong strategy would.
TEST(Oracle, FindsWhatASkippedResetLeaves) {
  Checked c;
  const Prepared& prepared = *c.one.prepared;
  Slot slot(SlotGeometry::covering({}, prepared));
  slot.reserve();
  Path path;
  path.memory = slot.adopt(prepared, {});
  make_mess(instantiate(slot, prepared, path), 1);
  const Instance again = instantiate(slot, prepared, path);
  EXPECT_NE(c.oracle.difference(again), std::nullopt);
}

}  // namespace
}  // namespace instbench::bench
