// Instances that share objects: what is linked, what is refused, and when slots come back.
#include <gtest/gtest.h>

#include <cstring>

#include "runtime/pool/guest_fixture.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

class Groups : public EveryKind {};

constexpr const char* kExporter = R"((module (memory (export "memory") 1 4) (table (export "table") 4 8 funcref)
  (global (export "counter") (mut i32) (i32.const 5)) (type $v (func (result i32)))
  (func $own (result i32) i32.const 100) (elem (i32.const 0) $own)
  (func (export "bump") (result i32) (global.set 0 (i32.add (global.get 0) (i32.const 1))) (global.get 0))
  (func (export "pair") (result i32 f64) i32.const 6 f64.const 2.5)
  (func (export "through") (param i32) (result i32) (call_indirect (type $v) (local.get 0)))
  (func (export "peek") (result i32) (i32.load (i32.const 0)))))";

constexpr const char* kImporter = R"((module (import "e" "memory" (memory 1 4)) (import "e" "table" (table 4 8 funcref))
  (import "e" "counter" (global $c (mut i32))) (import "e" "bump" (func $bump (result i32)))
  (import "e" "pair" (func $pair (result i32 f64)))
  (func $mine (result i32) (i32.add (global.get $c) (i32.const 1000))) (elem (i32.const 2) $mine)
  (data (i32.const 0) "\2a")
  (func (export "bump twice") (result i32) (drop (call $bump)) (call $bump))
  (func (export "six") (result i32) (call $pair) drop)
  (func (export "poke") (param i32) (i32.store (i32.const 0) (local.get 0)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "oob") (i32.store (i32.const 262144) (i32.const 1)))))";

// Writes its function into the table, then a segment traps.
constexpr const char* kFails = R"((module (import "e" "table" (table 4 8 funcref)) (memory 1)
  (func $f (result i32) i32.const 77) (elem (i32.const 3) $f) (data (i32.const 65536) "x")))";
// The same with a start function that traps.
constexpr const char* kFailsAtStart = R"((module (import "e" "table" (table 4 8 funcref))
  (func $f (result i32) i32.const 77) (elem declare func $f)
  (func $s (table.set 0 (i32.const 3) (ref.func $f)) unreachable) (start $s)))";
// Fail before anything was written into what is linked.
constexpr const char* kFailsFirst = R"((module (import "e" "table" (table 4 8 funcref))
  (func $f (result i32) i32.const 77) (elem (i32.const 4) $f)))";
constexpr const char* kFailsFirstInMemory = R"((module (import "e" "memory" (memory 1)) (table 2 funcref)
  (func $f) (elem (i32.const 0) $f) (data (i32.const 65535) "xy")))";
constexpr const char* kFailsAfterNothing = R"((module (import "e" "table" (table 4 8 funcref))
  (func $f) (elem (i32.const 4)) (elem (i32.const 5) $f)))";

// Modules that all link to one exporter, in one pool.
struct Linked {
  std::shared_ptr<const Prepared> exporter, importer;
  Pool pool;
  Tenant *exporting, *importing;

  Linked(const char* wat, size_t imports, const Kind& kind)
      : exporter(prepare(kExporter, kind)),
        importer(prepare(wat, kind, nullptr, std::vector<bool>(imports, true))),
        pool(exporter->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *exporter), *importer), 4),
        exporting(&pool.admit(exporter)),
        importing(&pool.admit(importer)) {}

  Links links(const Instance& from) const {
    Links links;
    for (const Import& import : importer->module().imports) links.push_back(find_export(from, import.name));
    return links;
  }
};

uint64_t finished(const Pool& pool) {
  uint64_t sum = 0;
  for (const uint64_t count : pool.stats().paths) sum += count;
  return sum;
}

INSTANTIATE_TEST_SUITE_P(Kinds, Groups, testing::ValuesIn(kKinds), name_of_kind);

TEST_P(Groups, LinkedInstancesShareWhatTheyLink) {
  Linked world(kImporter, 5, GetParam());
  Lease exporter(world.pool, *world.exporting);
  Lease importer(world.pool, *world.importing, world.links(exporter.instance()));
  uint32_t result = 0;
  EXPECT_EQ(call(exporter.instance(), "peek", {}, &result), Trap::none);
  EXPECT_EQ(result, 42u) << "the importer's segment lies in the exporter's memory";
  call(importer.instance(), "bump twice", {}, &result);
  EXPECT_EQ(result, 7u);
  call(importer.instance(), "six", {}, &result);  // two results across modules [20]
  EXPECT_EQ(result, 6u);
  EXPECT_EQ(call(exporter.instance(), "through", {2}, &result), Trap::none);
  EXPECT_EQ(result, 1007u) << "the importer's function, called through the exporter's table, sees the shared global";
  EXPECT_EQ(call(exporter.instance(), "through", {0}, &result), Trap::none);
  EXPECT_EQ(result, 100u);
  call(importer.instance(), "poke", {9});
  call(exporter.instance(), "peek", {}, &result);
  EXPECT_EQ(result, 9u);
  EXPECT_EQ(call(importer.instance(), "grow", {}, &result), Trap::none);
  EXPECT_EQ(exporter->memory(0).size(), 2 * kWasmPageBytes);
  EXPECT_EQ(call(importer.instance(), "oob"), Trap::out_of_bounds_memory)
      << "a fault in the other's memory is a trap too";
}

TEST_P(Groups, AGroupsSlotsComeBackTogetherAndClean) {  // [24]
  Linked world(kImporter, 5, GetParam());
  {
    Lease exporter(world.pool, *world.exporting);
    Lease importer(world.pool, *world.importing, world.links(exporter.instance()));
    call(importer.instance(), "poke", {9});
    exporter.release();
    EXPECT_EQ(finished(world.pool), 0u) << "its table may still be called through";
    uint32_t result = 0;
    call(importer.instance(), "bump twice", {}, &result);
    EXPECT_EQ(result, 7u);
  }
  EXPECT_EQ(finished(world.pool), 2u);
  Lease again(world.pool, *world.exporting);
  uint32_t result = 1;
  call(again.instance(), "peek", {}, &result);
  EXPECT_EQ(result, 0u);
  EXPECT_EQ(call(again.instance(), "through", {2}), Trap::uninitialized_element);
  call(again.instance(), "bump", {}, &result);
  EXPECT_EQ(result, 6u);
  EXPECT_EQ(again->vmctx().header().group_claims, nullptr);
}

TEST_P(Groups, AFailedInstanceThatWroteIntoASharedTableStaysCallable) {
  for (const char* wat : {kFails, kFailsAtStart}) {
    SCOPED_TRACE(wat);
    Linked world(wat, 1, GetParam());
    Lease exporter(world.pool, *world.exporting);
    EXPECT_THROW(Lease(world.pool, *world.importing, world.links(exporter.instance())), InstantiationError);
    EXPECT_EQ(finished(world.pool), 0u);
    // Nobody else gets its slot meanwhile.
    Lease second(world.pool, *world.exporting), third(world.pool, *world.exporting);
    EXPECT_THROW(Lease(world.pool, *world.exporting), std::length_error);
    uint32_t result = 0;
    EXPECT_EQ(call(exporter.instance(), "through", {3}, &result), Trap::none);
    EXPECT_EQ(result, 77u);
    exporter.release();
    EXPECT_EQ(finished(world.pool), 2u);
    Lease again(world.pool, *world.exporting);
    EXPECT_EQ(call(again.instance(), "through", {3}), Trap::uninitialized_element);
  }
}

TEST_P(Groups, AFailedInstanceThatWroteNothingGivesItsSlotBackAtOnce) {
  for (const char* wat : {kFailsFirst, kFailsFirstInMemory, kFailsAfterNothing}) {
    SCOPED_TRACE(wat);
    Linked world(wat, 1, GetParam());
    Lease exporter(world.pool, *world.exporting);
    for (uint64_t round = 1; round <= 6; ++round) {  // more often than there are slots
      EXPECT_THROW(Lease(world.pool, *world.importing, world.links(exporter.instance())), InstantiationError);
      EXPECT_EQ(finished(world.pool), round);
      EXPECT_EQ(exporter->vmctx().header().group_claims, nullptr);
    }
    exporter.release();
    EXPECT_EQ(finished(world.pool), 7u);
  }
}

// Two groups and one that links to both: all three are one group, and every one of them stays until the last is gone.
constexpr const char* kBridge =
    R"((module (import "a" "table" (table $a 4 8 funcref)) (import "b" "table" (table $b 4 8 funcref))
  (import "a" "memory" (memory 1)) (type $v (func (result i32))) (func $mine (result i32) i32.const 55)
  (elem (table $b) (i32.const 1) func $mine)
  (func (export "move") (table.copy $b $a (i32.const 2) (i32.const 0) (i32.const 1)))))";
constexpr const char* kFaulty =
    R"((module (memory (export "memory") 1 4) (table (export "table") 4 8 funcref) (type $v (func (result i32)))
  (func $beyond (result i32) (i32.load (i32.const 262144))) (elem (i32.const 0) $beyond)
  (func (export "through") (param i32) (result i32) (call_indirect (type $v) (local.get 0)))))";

TEST_P(Groups, GroupsThatAreLinkedBecomeOne) {
  const auto faulty = prepare(kFaulty, GetParam());
  const auto bridge = prepare(kBridge, GetParam(), nullptr, {true, true, true});
  Pool pool(faulty->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *faulty), *bridge), 4);
  const Tenant &f = pool.admit(faulty), &b = pool.admit(bridge);
  for (int last = 0; last < 3; ++last) {
    SCOPED_TRACE(last);
    const uint64_t before = finished(pool);
    std::vector<Lease> leases;
    leases.emplace_back(pool, f);
    leases.emplace_back(pool, f);
    const Instance one = leases[0].instance(), two = leases[1].instance();
    leases.emplace_back(pool, b,
                        Links{find_export(one, "table"), find_export(two, "table"), find_export(one, "memory")});
    EXPECT_EQ(call(leases[2].instance(), "move"), Trap::none);
    std::swap(leases[static_cast<size_t>(last)], leases[2]);
    leases[0].release();
    leases[1].release();
    EXPECT_EQ(finished(pool), before) << "two are released, the third may still call them";
    // The first's function, in the second's table, faults in the first's memory: a trap of the call to the second.
    EXPECT_EQ(call(two, "through", {2}), Trap::out_of_bounds_memory);
    uint32_t result = 0;
    EXPECT_EQ(call(two, "through", {1}, &result), Trap::none);
    EXPECT_EQ(result, 55u);
    leases[2].release();
    EXPECT_EQ(finished(pool), before + 3);
  }
  Lease again(pool, f);
  EXPECT_EQ(again->vmctx().header().group_claims, nullptr);
  EXPECT_EQ(call(again.instance(), "through", {1}), Trap::uninitialized_element);
}

// A host function that links a new instance to the caller while the caller runs: what the running call holds stays.
struct Linker : HostImports {
  mutable Pool* pool = nullptr;
  mutable const Tenant* tenant = nullptr;
  mutable std::vector<Lease> leases;
  std::optional<HostDefinition> find(const std::string&, const std::string&, const FuncType&) const override {
    return HostDefinition{link, const_cast<Linker*>(this)};
  }
  static Trap link(void* context, const Instance& caller, Value*) noexcept {
    Linker& self = *static_cast<Linker*>(context);
    for (int i = 0; i < 20; ++i)
      self.leases.emplace_back(*self.pool, *self.tenant, Links{find_export(caller, "memory")});
    return Trap::none;
  }
};

TEST_P(Groups, AGroupMayGrowWhileOneOfItIsCalled) {
  const Linker host;
  const auto owner =
      prepare(R"((module (memory (export "memory") 1 1) (func (export "beyond") (drop (i32.load (i32.const 65536))))))",
              GetParam());
  const auto caller =
      prepare(R"((module (memory (export "memory") (import "o" "memory") 1) (import "h" "link" (func $link))
    (func (export "run") (call $link) (drop (i32.load (i32.const 65536))))))",
              GetParam(), &host, {true, false});
  const auto more =
      prepare(R"((module (import "o" "memory" (memory 1)) (func (export "f"))))", GetParam(), nullptr, {true});
  SlotGeometry geometry;
  for (const auto& each : {owner, caller, more}) geometry = SlotGeometry::covering(geometry, *each);
  Pool pool(owner->strategy(), geometry, 22);
  host.pool = &pool;
  host.tenant = &pool.admit(more);
  {
    Lease one(pool, pool.admit(owner));
    Lease two(pool, pool.admit(caller), {find_export(one.instance(), "memory"), std::nullopt});
    EXPECT_EQ(call(two.instance(), "run"), Trap::out_of_bounds_memory);
    EXPECT_EQ(host.leases.size(), 20u);
    host.leases.clear();
    EXPECT_EQ(finished(pool), 0u);
  }
  EXPECT_EQ(finished(pool), 22u);
}

TEST_P(Groups, LinksOfAnotherTypeAreRefused) {
  const auto refusal = [&](const char* wat) -> std::string {
    Linked world(wat, 1, GetParam());
    Lease exporter(world.pool, *world.exporting);
    try {
      Lease importer(world.pool, *world.importing, world.links(exporter.instance()));
    } catch (const LinkError& error) {
      return error.what();
    }
    return "linked";
  };
  for (const char* wat :
       {R"((module (import "e" "memory" (memory 2))))", R"((module (import "e" "memory" (memory 1 3))))",
        R"((module (import "e" "table" (table 4 7 funcref))))",
        R"((module (import "e" "table" (table 4 8 externref))))", R"((module (import "e" "counter" (global i32))))",
        R"((module (import "e" "counter" (global (mut i64)))))", R"((module (import "e" "bump" (func (param i32)))))",
        R"((module (import "e" "bump" (global i32))))"})
    EXPECT_EQ(refusal(wat).substr(0, 24), "incompatible import type") << wat;
  EXPECT_EQ(refusal(R"((module (import "e" "memory" (memory 1 4))))"), "linked");
}

TEST(Group, CodeOfTwoCompilersIsNotLinked) {  // [20]
  if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
  const Kind tcc{"", Compiler::tcc, "pool-lazy"}, cc{"", Compiler::cc, "pool-lazy"};
  const auto exporter = prepare(kExporter, tcc), importer = prepare(kImporter, cc, nullptr, std::vector<bool>(5, true));
  Pool pool(exporter->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *exporter), *importer), 2);
  Lease from(pool, pool.admit(exporter));
  Links links;
  for (const Import& import : importer->module().imports) links.push_back(find_export(from.instance(), import.name));
  EXPECT_THROW(Lease(pool, pool.admit(importer), links), LinkError);
}

}  // namespace
}  // namespace instbench
