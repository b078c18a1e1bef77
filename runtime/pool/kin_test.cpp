// Modules with equal memory images in one pool: what a slot keeps of one of them is not thrown away for another as long as
// there is a slot for each.
#include <array>
#include <memory>
#include <string>

#include "runtime/os/usage.hpp"
#include "runtime/pool/resident_fixture.hpp"

namespace instbench {
namespace {

// The same images; the tables are proven, and larger than a page.
constexpr const char* kOne = R"((module (memory 64) (table 400 funcref) (func $f) (elem (i32.const 0) $f) (data (i32.const 5) "x") (export "one" (func $f))))";
constexpr const char* kTwin = R"((module (memory 64) (table 400 funcref) (func $f) (elem (i32.const 0) $f) (data (i32.const 5) "x") (export "two" (func $f))))";
constexpr uint64_t kPages = 8;

class Kin : public Resident, public testing::WithParamInterface<const char*> {
 protected:
  static std::shared_ptr<const Prepared> ready(const char* wat) { return Prepared::make(module_of(wat), parse_strategy(GetParam())); }
  static bool keeps() { return keeps_pages(parse_strategy(GetParam()).reset); }
  static bool supported() { return parse_strategy(GetParam()).reset != Reset::track || os::feature("userfaultfd_wp_async").ok; }

  // One instance, which must find its start state. Says by which path, and how many faults its writes took.
  struct Life {
    Path path;
    uint64_t faults = 0;
  };
  static Life live(Pool& pool, const Tenant& tenant) {
    Lease lease(pool, tenant);
    std::byte* memory = lease->memory(0).data();
    EXPECT_EQ(memory[5], std::byte{'x'});
    for (uint64_t page = 0; page < kPages; ++page) EXPECT_EQ(memory[page * 3 * os::kPageBytes + 9], std::byte{0});
    const uint64_t before = os::thread_faults().minor;
    for (uint64_t page = 0; page < kPages; ++page) memory[page * 3 * os::kPageBytes + 9] = std::byte{0xee};
    const Life life{lease.path(), os::thread_faults().minor - before};
    EXPECT_FALSE(lease->take(0, 0).is_null());
    EXPECT_TRUE(lease->take(0, 300).is_null());
    return life;
  }
};
INSTANTIATE_TEST_SUITE_P(All, Kin,
                         testing::Values("best", "pool-restore", "pool-scan", "pool-keep", "pool-track", "pool-restore,tables=retained",
                                         "pool-lazy,tables=retained", "pool-lazy,tables=proven"),
                         [](const auto& one) { return "n" + std::to_string(one.index); });

TEST_P(Kin, EachKeepsWhatIsItsOwn) {
  if (!supported()) GTEST_SKIP();
  const auto one = ready(kOne), twin = ready(kTwin);
  ASSERT_EQ(one->memory_key(), twin->memory_key());
  Pool pool(one->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *one), *twin), 2);
  const std::array<const Tenant*, 2> tenants{&pool.admit(one), &pool.admit(twin)};
  for (int i = 0; i < 10; ++i) {
    const Life life = live(pool, *tenants[i % 2]);
    EXPECT_EQ(life.path.slot, i < 2 ? SlotPath::cold : SlotPath::hit) << i;
    EXPECT_EQ(life.path.memory, i < 2 ? MemoryPath::mapped : MemoryPath::kept) << i;
    if (keeps() && i >= 2 && one->strategy().reset != Reset::track) {
      EXPECT_EQ(life.faults, 0u) << i;
    }
    if (one->retains_tables() && i >= 2) {
      EXPECT_EQ(life.path.tables, TablePath::retained) << i;
    }
  }
  const uint64_t kept = pool.store().budget().used();
  EXPECT_EQ(kept != 0, keeps());
}

// Without a slot for each, the mapping stays and nothing else does, and nobody is evicted.
TEST_P(Kin, OneSlotIsSharedBeforeAnythingIsEvicted) {
  if (!supported()) GTEST_SKIP();
  const auto one = ready(kOne), twin = ready(kTwin), other = ready(R"((module (memory 64) (table 400 funcref) (func $f) (elem (i32.const 0) $f) (data (i32.const 5) "xyz")))");
  SlotGeometry geometry;
  for (const auto& prepared : {one, twin, other}) geometry = SlotGeometry::covering(geometry, *prepared);
  Pool pool(one->strategy(), geometry, 2);
  const Tenant &o = pool.admit(one), &t = pool.admit(twin), &different = pool.admit(other);
  EXPECT_EQ(live(pool, different).path.slot, SlotPath::cold);
  EXPECT_EQ(live(pool, o).path.slot, SlotPath::cold);
  for (int i = 0; i < 4; ++i) {
    const Life life = live(pool, i % 2 == 0 ? t : o);
    EXPECT_EQ(to_string(life.path).substr(0, 35), "slot=shared memory=kept tables=lazy") << i;
    if (keeps() && one->strategy().reset != Reset::track) {
      EXPECT_EQ(life.faults, kPages) << i;
    }
  }
  EXPECT_EQ(live(pool, different).path.slot, SlotPath::hit);
  EXPECT_EQ(pool.stats().found(SlotPath::evicted), 0u);
  EXPECT_EQ(pool.stats().found(SlotPath::shared), 4u);
  EXPECT_EQ(pool.stats().failed_resets, 0u);
}

// A module that is loaded again gets the slots that it left, once no thread knows it any more.
TEST_P(Kin, ADismissedModuleLeavesItsSlots) {
  if (!supported()) GTEST_SKIP();
  auto first = ready(kOne);
  const auto store = std::make_shared<SlotStore>(first->strategy(), SlotGeometry::covering({}, *first), 6, 2);
  Pool here(store, 0), there(store, 1);
  const Tenant *one = &here.admit(first), *same = &there.admit(first);
  EXPECT_EQ(live(here, *one).path.slot, SlotPath::cold);
  here.dismiss(*one);
  const Tenant* second = &here.admit(ready(kOne));
  EXPECT_EQ(live(here, *second).path.slot, SlotPath::cold);  // the other thread may still want it
  EXPECT_EQ(live(there, *same).path.slot, SlotPath::stolen);
  there.dismiss(*same);
  for (int load = 0; load < 3; ++load) {
    const Tenant* third = &there.admit(ready(kOne));
    EXPECT_EQ(live(there, *third).path.slot, SlotPath::shared);
    EXPECT_EQ(live(there, *third).path.slot, SlotPath::hit);
    there.dismiss(*third);
  }
  EXPECT_EQ(live(here, *second).path.slot, SlotPath::hit);
}

// Where nothing is kept but the mapping, it is all the same whose slot it was.
TEST(KinThatKeepNothing, ShareTheirSlots) {
  for (const char* strategy : {"pool-lazy", "pool", "pool-copy", "pool-lazy,reset=remap", "pool-restore,affinity=off"}) {
    const Strategy parsed = parse_strategy(strategy);
    if (keeps_pages(parsed.reset) && !os::feature("pagemap_scan").ok) continue;
    const auto one = Prepared::make(module_of(kOne), parsed), twin = Prepared::make(module_of(kTwin), parsed);
    Pool pool(parsed, SlotGeometry::covering(SlotGeometry::covering({}, *one), *twin), 2);
    const std::array<const Tenant*, 2> tenants{&pool.admit(one), &pool.admit(twin)};
    for (int i = 0; i < 6; ++i) {
      Lease lease(pool, *tenants[i % 2]);
      const SlotPath again = parsed.affinity == Switch::on ? SlotPath::hit : SlotPath::evicted;
      EXPECT_EQ(lease.path().slot, i == 0 ? SlotPath::cold : again) << strategy << " " << i;
    }
  }
}

}  // namespace
}  // namespace instbench
