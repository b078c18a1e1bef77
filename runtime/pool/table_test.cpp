// Tables whose entries are made when first seen: exactly which are made, by what, and what stays untouched. Counted,
// and looked at in memory. The numbers in brackets are ways in which a naive core goes wrong.
#include <gtest/gtest.h>

#include "runtime/os/counters.hpp"
#include "runtime/pool/guest_fixture.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

constexpr const char* kTables =
    R"((module (table $a (export "a") 8 20 funcref) (table $b 8 funcref) (table $x 4 9 externref)
  (type $v (func (result i32)))
  (func $f (result i32) i32.const 11) (func $g (result i32) i32.const 12)
  (elem (table $a) (i32.const 0) func $f $f $f $f $f $f $f $f) (elem $e func $g $g)
  (func (export "call") (param i32) (result i32) (call_indirect $a (type $v) (local.get 0)))
  (func (export "call b") (param i32) (result i32) (call_indirect $b (type $v) (local.get 0)))
  (func (export "get") (param i32) (drop (table.get $a (local.get 0))))
  (func (export "copy over") (param i32 i32 i32) (table.copy $b $a (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy within") (param i32 i32 i32) (table.copy $a $a (local.get 0) (local.get 1) (local.get 2)))
  (func (export "fill") (param i32 i32) (table.fill $a (local.get 0) (ref.func $g) (local.get 1)))
  (func (export "init") (param i32) (table.init $a $e (local.get 0) (i32.const 0) (i32.const 2)))
  (func (export "null") (param i32) (table.set $a (local.get 0) (ref.null func)))
  (func (export "is null") (param i32) (result i32) (ref.is_null (table.get $a (local.get 0))))
  (func (export "grow") (param i32) (result i32) (table.grow $a (ref.func $g) (local.get 0)))
  (func (export "grow from") (param i32 i32) (result i32) (table.grow $a (table.get $a (local.get 0)) (local.get 1)))
  (func (export "size") (result i32) (table.size $a))
  (func (export "x set") (param i32 externref) (table.set $x (local.get 0) (local.get 1)))
  (func (export "x get") (param i32) (result externref) (table.get $x (local.get 0)))
  (func (export "x grow") (param i32 externref) (result i32) (table.grow $x (local.get 1) (local.get 0)))
  (func (export "x fill") (param i32 externref i32) (table.fill $x (local.get 0) (local.get 1) (local.get 2)))
  (func (export "x copy") (param i32 i32 i32) (table.copy $x $x (local.get 0) (local.get 1) (local.get 2)))
  (func (export "x null") (param i32) (result i32) (ref.is_null (table.get $x (local.get 0))))
  (elem declare func $g)))";

class Tables : public EveryKind {};
INSTANTIATE_TEST_SUITE_P(Kinds, Tables, testing::ValuesIn(kKinds), name_of_kind);

// How many entries of the module's tables the call wrote on its own account.
uint64_t made_by(const Instance& instance, const char* name, std::initializer_list<uint32_t> arguments) {
  const uint64_t before = os::counters().table_entries;
  EXPECT_EQ(call(instance, name, arguments), Trap::none) << name;
  return os::counters().table_entries - before;
}

std::string made(const Instance& instance, size_t table) {
  std::string text;
  for (uint64_t i = 0; i < instance.table_size(table); ++i)
    text += instance.vmctx().table(table).entries[i].initialised() ? 'x' : '.';
  return text;
}

// [11, 14]
TEST_P(Tables, OnlyWhatIsSeenIsMadeAndOnlyOnce) {
  Guest guest(kTables, GetParam());
  Lease lease(guest.pool, *guest.tenant);
  const Instance& i = lease.instance();
  if (guest.prepared->strategy().tables == TableInit::eager) {
    EXPECT_EQ(made(i, 0) + made(i, 1) + made(i, 2), "xxxxxxxxxxxxxxxxxxxx");
    EXPECT_EQ(made_by(i, "call", {3}) + made_by(i, "copy over", {2, 2, 3}), 0u);
    return;
  }
  EXPECT_EQ(made(i, 0), "........");
  EXPECT_EQ(made_by(i, "call", {3}), 1u);
  EXPECT_EQ(made_by(i, "call", {3}), 0u);
  EXPECT_EQ(made_by(i, "get", {5}), 1u);
  EXPECT_EQ(made(i, 0), "...x.x..");
  EXPECT_EQ(made_by(i, "copy over", {2, 2, 3}), 2u);  // entry 3 is there
  EXPECT_EQ(made(i, 0), "..xxxx..");
  EXPECT_EQ(made(i, 1), "..xxx...");
  EXPECT_EQ(made_by(i, "copy over", {0, 0, 0}), 0u);
  EXPECT_EQ(made_by(i, "null", {0}), 0u);
  EXPECT_EQ(made_by(i, "is null", {0}), 0u);
  EXPECT_EQ(made_by(i, "fill", {6, 2}), 0u);
  EXPECT_EQ(made(i, 0), "x.xxxxxx");
  EXPECT_EQ(made_by(i, "grow", {3}), 3u);
  EXPECT_EQ(made(i, 0), "x.xxxxxxxxx");
}

TEST_P(Tables, WhatIsWrittenOverAnEntryThatNobodySawStays) {
  Guest guest(kTables, GetParam());
  for (int round = 0; round < 2; ++round) {
    Lease lease(guest.pool, *guest.tenant);
    const Instance& i = lease.instance();
    const auto answer = [&](const char* name, uint32_t entry) {
      uint32_t result = 0;
      EXPECT_EQ(call(i, name, {entry}, &result), Trap::none) << name << entry;
      return result;
    };
    EXPECT_EQ(call(i, "init", {0}), Trap::none);
    EXPECT_EQ(call(i, "fill", {2, 1}), Trap::none);
    EXPECT_EQ(call(i, "null", {3}), Trap::none);
    for (const uint32_t entry : {0u, 1u, 2u}) EXPECT_EQ(answer("call", entry), 12u) << entry;
    EXPECT_EQ(answer("is null", 3), 1u);
    EXPECT_EQ(call(i, "call", {3}), Trap::uninitialized_element);
    EXPECT_EQ(call(i, "copy within", {4, 2, 3}), Trap::none);  // 2, 3 and the unseen 4 to 4, 5, 6
    EXPECT_EQ(answer("call", 4), 12u);
    EXPECT_EQ(call(i, "call", {5}), Trap::uninitialized_element);
    EXPECT_EQ(answer("call", 6), 11u);
    EXPECT_EQ(answer("call", 7), 11u);
    EXPECT_EQ(call(i, "copy over", {0, 3, 1}), Trap::none);
    EXPECT_EQ(call(i, "call b", {0}), Trap::uninitialized_element);
    EXPECT_EQ(call(i, "copy over", {7, 7, 2}), Trap::out_of_bounds_table);
    EXPECT_EQ(call(i, "call b", {7}), Trap::uninitialized_element) << "a copy out of bounds copies nothing";
  }
}

TEST_P(Tables, GrowthKeepsWhatIsThereFillsAndEndsAtTheLimit) {
  Guest guest(kTables, GetParam());
  for (int round = 0; round < 2; ++round) {
    Lease lease(guest.pool, *guest.tenant);
    const Instance& i = lease.instance();
    uint32_t result = 0;
    call(i, "grow from", {1, 4}, &result);  // the fill value is an entry that nobody saw
    EXPECT_EQ(result, 8u);
    call(i, "grow", {9}, &result);
    EXPECT_EQ(result, UINT32_MAX);
    call(i, "grow", {UINT32_MAX}, &result);
    EXPECT_EQ(result, UINT32_MAX);
    call(i, "size", {}, &result);
    EXPECT_EQ(result, 12u);
    call(i, "grow", {8}, &result);
    EXPECT_EQ(result, 12u);
    for (uint32_t entry = 0; entry < 20; ++entry) {
      EXPECT_EQ(call(i, "call", {entry}, &result), Trap::none) << entry;
      EXPECT_EQ(result, entry < 12 ? 11u : 12u) << entry;
    }
    EXPECT_EQ(call(i, "call", {20}), Trap::undefined_element);
    call(i, "grow", {0}, &result);
    EXPECT_EQ(result, 20u);
  }
}

TEST_P(Tables, ExternalReferencesComeBackAsTheyWere) {
  Guest guest(kTables, GetParam());
  int objects[3];
  for (int round = 0; round < 2; ++round) {
    Lease lease(guest.pool, *guest.tenant);
    const Instance& i = lease.instance();
    const auto run = [&](const char* name, uint32_t first, void* second = nullptr, uint32_t third = 0) {
      Value values[3];
      values[0].i32 = first;
      values[1].externref = second;
      if (second == nullptr && std::string_view(name) == "x copy") values[1].i32 = 1;
      values[2].i32 = third;
      EXPECT_EQ(i.call(find_export(i, name)->index, values), Trap::none) << name;
      return values[0];
    };
    for (uint32_t entry = 0; entry < 4; ++entry) EXPECT_EQ(run("x null", entry).i32, 1u);
    run("x set", 1, &objects[0]);
    run("x fill", 2, &objects[1], 2);
    EXPECT_EQ(run("x grow", 5, &objects[2]).i32, 4u);
    EXPECT_EQ(run("x grow", 1, &objects[2]).i32, UINT32_MAX);
    EXPECT_EQ(run("x get", 1).externref, &objects[0]);
    EXPECT_EQ(run("x get", 3).externref, &objects[1]);
    EXPECT_EQ(run("x get", 8).externref, &objects[2]);
    run("x copy", 5, nullptr, 2);  // 1 and 2 to 5 and 6
    EXPECT_EQ(run("x get", 5).externref, &objects[0]);
    EXPECT_EQ(run("x get", 6).externref, &objects[1]);
    EXPECT_EQ(run("x get", 0).externref, nullptr);
    run("x set", 1, nullptr);
    EXPECT_EQ(run("x null", 1).i32, 1u);
  }
}

// [14] Another instance copies entries that nobody saw out of this one's table: they are this one's functions.
TEST_P(Tables, AnUnseenEntryCopiedByAnotherInstanceIsItsOwners) {
  const auto owner = prepare(kTables, GetParam());
  const auto copier = prepare(R"((module (import "o" "a" (table $a 8 20 funcref)) (table $mine 4 funcref)
    (type $v (func (result i32))) (func $other (result i32) i32.const 99) (elem (table $mine) (i32.const 0) func $other)
    (func (export "copy") (table.copy $mine $a (i32.const 1) (i32.const 6) (i32.const 2)))
    (func (export "push") (table.copy $a $mine (i32.const 0) (i32.const 0) (i32.const 1)))
    (func (export "grow") (result i32) (table.grow $a (ref.func $other) (i32.const 1)))
    (func (export "call") (param i32) (result i32) (call_indirect $mine (type $v) (local.get 0)))
    (func (export "call theirs") (param i32) (result i32) (call_indirect $a (type $v) (local.get 0)))))",
                              GetParam(), nullptr, {true});
  Pool pool(owner->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *owner), *copier), 2);
  const Tenant &o = pool.admit(owner), &c = pool.admit(copier);
  for (int round = 0; round < 2; ++round) {
    Lease a(pool, o);
    Lease b(pool, c, {find_export(a.instance(), "a")});
    uint32_t result = 0;
    EXPECT_EQ(call(b.instance(), "copy"), Trap::none);
    EXPECT_EQ(a->vmctx().table(0).entries[6].environment, a->vmctx().base());
    EXPECT_EQ(b->vmctx().table(1).entries[1].environment, a->vmctx().base());
    EXPECT_EQ(call(b.instance(), "call", {2}, &result), Trap::none);
    EXPECT_EQ(result, 11u);
    EXPECT_EQ(call(b.instance(), "call theirs", {3}, &result), Trap::none);
    EXPECT_EQ(result, 11u);
    EXPECT_EQ(call(b.instance(), "push"), Trap::none);
    EXPECT_EQ(call(a.instance(), "call", {0}, &result), Trap::none);
    EXPECT_EQ(result, 99u);
    EXPECT_EQ(call(b.instance(), "grow", {}, &result), Trap::none);
    EXPECT_EQ(result, 8u);
    EXPECT_EQ(call(a.instance(), "call", {8}, &result), Trap::none);
    EXPECT_EQ(result, 99u);
  }
}

// [13] An imported function in an element segment, the first import and a later one; [12] one name, several types.
class Counted : public HostImports {
 public:
  std::optional<HostDefinition> find(const std::string&, const std::string&, const FuncType& type) const override {
    return HostDefinition{type.params.empty() ? one : add, nullptr};
  }

 private:
  static Trap one(void*, const Instance&, Value* values) noexcept { return values[0].i32 = 1, Trap::none; }
  static Trap add(void*, const Instance&, Value* values) noexcept { return values[0].i32 += 100, Trap::none; }
};

TEST_P(Tables, ImportedFunctionsAreReachedAndCountedThroughEveryKindOfEntry) {
  const Counted host;
  Guest guest(
      R"((module (import "env" "f" (func $first (result i32))) (import "env" "f" (func $second (param i32) (result i32)))
    (table 6 funcref) (elem (i32.const 0) $first $second) (elem $e func $second $first)
    (global $g funcref (ref.func $second)) (type $v (func (result i32))) (type $w (func (param i32) (result i32)))
    (func (export "direct") (result i32) (call $second (call $first)))
    (func (export "v") (param i32) (result i32) (call_indirect (type $v) (local.get 0)))
    (func (export "w") (param i32) (result i32) (call_indirect (type $w) (local.get 0) (local.get 0)))
    (func (export "init") (table.init $e (i32.const 2) (i32.const 0) (i32.const 2)) (table.set 0 (i32.const 4) (global.get $g)))
    (export "first" (func $first))))",
      GetParam(), 1, &host);
  for (int round = 1; round <= 2; ++round) {
    Lease lease(guest.pool, *guest.tenant);
    const Instance& i = lease.instance();
    uint32_t result = 0;
    const auto check = [&](const char* name, uint32_t argument, uint32_t wanted) {
      EXPECT_EQ(call(i, name, {argument}, &result), Trap::none) << name << argument;
      EXPECT_EQ(result, wanted) << name << argument;
    };
    check("direct", 0, 101);
    check("first", 0, 1);
    check("v", 0, 1);
    check("w", 1, 101);
    EXPECT_EQ(call(i, "v", {1}), Trap::indirect_call_mismatch);
    EXPECT_EQ(call(i, "init"), Trap::none);
    check("w", 2, 102);
    check("v", 3, 1);
    check("w", 4, 104);
    EXPECT_EQ(guest.prepared->host_functions()[0]->calls, 4u * round);
    EXPECT_EQ(guest.prepared->host_functions()[1]->calls, 4u * round);
  }
}

// [25, 26] The same module loaded twice, by other code, in turn on one slot: memory is kept, nothing leads to the
// other.
TEST_P(Tables, CodeThatWasLoadedAgainIsNeverMixedUp) {
  constexpr const char* kBoth =
      R"((module (memory 1) (data (i32.const 0) "same") (table 2 funcref) (type $v (func (result i32)))
    (func $f (result i32) (i32.load8_u (i32.const 1))) (elem (i32.const 0) $f $f) (global $g (mut funcref) (ref.func $f))
    (func (export "call") (result i32) (table.set 0 (i32.const 1) (global.get $g))
      (i32.add (call_indirect (type $v) (i32.const 0)) (call_indirect (type $v) (i32.const 1))))))";
  const auto first = prepare(kBoth, GetParam());
  const std::vector<std::byte> bytes = assemble_wat(kBoth, "test.wat");
  CodegenOptions options;
  options.compiler = GetParam().compiler;
  options.bounds = first->code()->bounds();
  const std::shared_ptr<const Module> module = load(bytes, "again.wat", Bodies::validate);
  const auto again = Prepared::make(module, first->strategy(), {make_code(module, bytes, options), nullptr, {}});
  ASSERT_NE(first->code()->id(), again->code()->id());
  Pool pool(first->strategy(), SlotGeometry::covering({}, *first), 1);
  const Tenant &one = pool.admit(first), &two = pool.admit(again);
  for (int round = 0; round < 3; ++round) {
    for (const Tenant* tenant : {&one, &two}) {
      Lease lease(pool, *tenant);
      uint32_t result = 0;
      EXPECT_EQ(call(lease.instance(), "call", {}, &result), Trap::none);
      EXPECT_EQ(result, 2u * 'a');
      const os::Range text = tenant->prepared().code()->text();
      for (uint64_t entry = 0; entry < 2; ++entry) {
        const auto* code = reinterpret_cast<const std::byte*>(lease->take(0, entry).code);
        EXPECT_TRUE(code >= text.base && code < text.end());
      }
      if (round == 0 || pool.strategy().alloc != Alloc::pool) continue;
      EXPECT_EQ(lease.path().slot, SlotPath::hit);
    }
  }
}

}  // namespace
}  // namespace instbench
