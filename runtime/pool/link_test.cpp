// Calls between instances and to the host: values of every type and number, who is bound to what, and which links are
// refused. The numbers in brackets are ways in which a naive core goes wrong.
#include <gtest/gtest.h>

#include <cstring>

#include "runtime/os/counters.hpp"
#include "runtime/os/trace.hpp"
#include "runtime/pool/guest_fixture.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

class LinkedCalls : public EveryKind {};
INSTANTIATE_TEST_SUITE_P(Kinds, LinkedCalls, testing::ValuesIn(kKinds), name_of_kind);

// ---- [20] several results: the shapes that compilers disagree on, and all types at once ----

#define MIXED "i64 f32 f64 i32 externref funcref"
constexpr const char* kResults = R"((module
  (import "h" "pair" (func $pair (result f64 i32))) (import "h" "triple" (func $triple (result i32 f32 f32)))
  (import "h" "mixed" (func $mixed (param )" MIXED R"() (result )" MIXED R"()))
  (type $pair (func (result f64 i32))) (type $triple (func (result i32 f32 f32)))
  (type $mixed (func (param )" MIXED R"() (result )" MIXED R"()))
  (table 6 funcref) (elem (i32.const 0) $pair $triple $mixed $own_pair $own_triple $own_mixed)
  (func $own_pair (export "own pair") (result f64 i32) f64.const 7 i32.const 8)
  (func $own_triple (export "own triple") (result i32 f32 f32) i32.const 1 f32.const 2 f32.const 3)
  (func $own_mixed (export "own mixed") (type $mixed)
    (i64.add (local.get 0) (i64.const 1)) (f32.add (local.get 1) (f32.const 1)) (f64.add (local.get 2) (f64.const 1))
    (i32.add (local.get 3) (i32.const 1)) (local.get 4) (local.get 5))
  (func (export "pair") (type $pair) (call $pair)) (func (export "triple") (type $triple) (call $triple))
  (func (export "mixed") (type $mixed) (call $mixed (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)))
  (func (export "indirect pair") (param i32) (result f64 i32) (call_indirect (type $pair) (local.get 0)))
  (func (export "indirect triple") (param i32) (result i32 f32 f32) (call_indirect (type $triple) (local.get 0)))
  (func (export "indirect mixed") (param )" MIXED R"( i32) (result )" MIXED R"()
    (call_indirect (type $mixed) (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)))))";

struct Giver : HostImports {
  std::optional<HostDefinition> find(const std::string&, const std::string& name, const FuncType&) const override {
    if (name == "pair") return HostDefinition{pair, nullptr};
    if (name == "triple") return HostDefinition{triple, nullptr};
    return HostDefinition{mixed, nullptr};
  }
  static Trap pair(void*, const Instance&, Value* values) noexcept {
    values[0].f64 = 7;
    values[1].i32 = 8;
    return Trap::none;
  }
  static Trap triple(void*, const Instance&, Value* values) noexcept {
    values[0].i32 = 1;
    values[1].f32 = 2;
    values[2].f32 = 3;
    return Trap::none;
  }
  static Trap mixed(void*, const Instance&, Value* values) noexcept {
    values[0].i64 += 1;
    values[1].f32 += 1;
    values[2].f64 += 1;
    values[3].i32 += 1;
    return Trap::none;
  }
};

std::vector<Value> called(const Instance& instance, const std::string& name, std::vector<Value> values = {}) {
  values.resize(8);
  EXPECT_EQ(instance.call(find_export(instance, name)->index, values.data()), Trap::none) << name;
  return values;
}

Value i32(uint32_t number) {
  Value value;
  value.i32 = number;
  return value;
}

void expect_pair(const std::vector<Value>& values) {
  EXPECT_EQ(values[0].f64, 7);
  EXPECT_EQ(values[1].i32, 8u);
}
void expect_triple(const std::vector<Value>& values) {
  EXPECT_EQ(values[0].i32, 1u);
  EXPECT_EQ(values[1].f32, 2);
  EXPECT_EQ(values[2].f32, 3);
}

void expect_every_shape(const Instance& instance, const std::string& prefix) {
  expect_pair(called(instance, prefix + "pair"));
  expect_triple(called(instance, prefix + "triple"));
  int object = 0;
  std::vector<Value> given(6);
  given[0].i64 = 0x1234'5678'9abc'def0;
  given[1].f32 = 1.5;
  given[2].f64 = -2.5;
  given[3].i32 = UINT32_MAX;
  given[4].externref = &object;
  given[5].funcref = instance.prepared().ref_to(0, instance.vmctx().base());
  const std::vector<Value> values = called(instance, prefix + "mixed", given);
  EXPECT_EQ(values[0].i64, 0x1234'5678'9abc'def1u);
  EXPECT_EQ(values[1].f32, 2.5);
  EXPECT_EQ(values[2].f64, -1.5);
  EXPECT_EQ(values[3].i32, 0u);
  EXPECT_EQ(values[4].externref, &object);
  EXPECT_EQ(values[5].funcref.code, given[5].funcref.code);
  EXPECT_EQ(values[5].funcref.environment, given[5].funcref.environment);
  EXPECT_EQ(values[5].funcref.type, given[5].funcref.type);
  given[4].externref = nullptr;
  given[5].funcref = null_ref();
  const std::vector<Value> nulls = called(instance, prefix + "mixed", given);
  EXPECT_EQ(nulls[4].externref, nullptr);
  EXPECT_TRUE(nulls[5].funcref.is_null() && nulls[5].funcref.initialised());
}

TEST_P(LinkedCalls, SeveralResultsOfEveryTypeCrossEveryBorder) {
  const Giver host;
  Guest guest(kResults, GetParam(), 1, &host);
  Lease lease(guest.pool, *guest.tenant);
  const Instance& i = lease.instance();
  expect_every_shape(i, "");      // guest to host
  expect_every_shape(i, "own ");  // host to guest
  expect_pair(called(i, "indirect pair", {i32(0)}));
  expect_pair(called(i, "indirect pair", {i32(3)}));
  expect_triple(called(i, "indirect triple", {i32(1)}));
  expect_triple(called(i, "indirect triple", {i32(4)}));
  for (const uint32_t entry : {2u, 5u}) {
    std::vector<Value> given(7);
    given[0].i64 = 5;
    given[1].f32 = 0;
    given[2].f64 = 0;
    given[3].i32 = 0;
    given[4].externref = nullptr;
    given[6].i32 = entry;
    EXPECT_EQ(called(i, "indirect mixed", given)[0].i64, 6u);
  }
}

TEST_P(LinkedCalls, SeveralResultsCrossInstances) {
  const Giver host;
  const auto exporter = prepare(kResults, GetParam(), &host);
  const auto importer = prepare(R"((module (import "e" "own pair" (func $pair (result f64 i32)))
    (import "e" "triple" (func $triple (result i32 f32 f32)))
    (import "e" "own mixed" (func $mixed (param )" MIXED R"() (result )" MIXED R"()))
    (func (export "pair") (result f64 i32) (call $pair)) (func (export "triple") (result i32 f32 f32) (call $triple))
    (func (export "mixed") (param )" MIXED R"() (result )" MIXED R"()
      (call $mixed (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)))
    (export "again" (func $pair))))",
                                GetParam(), nullptr, {true, true, true});
  Pool pool(exporter->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *exporter), *importer), 2);
  Lease from(pool, pool.admit(exporter));
  const Instance& e = from.instance();
  Lease to(pool, pool.admit(importer),
           {find_export(e, "own pair"), find_export(e, "triple"), find_export(e, "own mixed")});
  expect_every_shape(to.instance(), "");
  expect_pair(called(to.instance(), "again"));  // an import that is exported again
}

// [12] Instances of one module, each with functions of its own behind the same imports.
TEST_P(LinkedCalls, EachInstanceHasItsOwnImports) {
  const auto number = [&](const char* wat) { return prepare(wat, GetParam()); };
  const auto one = number("(module (func (export \"n\") (result i32) i32.const 1))");
  const auto two = number("(module (func (export \"n\") (result i32) i32.const 2))");
  const auto user = prepare(R"((module (import "e" "n" (func $n (result i32))) (table 1 funcref) (elem (i32.const 0) $n)
    (type $v (func (result i32))) (func (export "direct") (result i32) (call $n))
    (func (export "indirect") (result i32) (call_indirect (type $v) (i32.const 0)))))",
                            GetParam(), nullptr, {true});
  SlotGeometry geometry;
  for (const auto& each : {one, two, user}) geometry = SlotGeometry::covering(geometry, *each);
  Pool pool(one->strategy(), geometry, 4);
  const Tenant &t1 = pool.admit(one), &t2 = pool.admit(two), &tu = pool.admit(user);
  for (int round = 0; round < 3; ++round) {  // later rounds: on slots that were bound to the other
    Lease a(pool, round % 2 == 0 ? t1 : t2), b(pool, round % 2 == 0 ? t2 : t1);
    Lease ua(pool, tu, {find_export(a.instance(), "n")}), ub(pool, tu, {find_export(b.instance(), "n")});
    for (const char* name : {"direct", "indirect"}) {
      uint32_t result = 0;
      EXPECT_EQ(call(ua.instance(), name, {}, &result), Trap::none);
      EXPECT_EQ(result, round % 2 == 0 ? 1u : 2u) << name;
      EXPECT_EQ(call(ub.instance(), name, {}, &result), Trap::none);
      EXPECT_EQ(result, round % 2 == 0 ? 2u : 1u) << name;
    }
  }
}

TEST_P(LinkedCalls, ALinkThatIsMissingIsNamedAlsoOnASlotThatHadIt) {
  const auto exporter = prepare("(module (func (export \"f\") (result i32) i32.const 3))", GetParam());
  const auto importer = prepare(R"((module (import "e" "f" (func $f (result i32))) (import "e" "g" (func))
    (func (export "g") (result i32) (call $f))))",
                                GetParam(), nullptr, {true, false});
  Pool pool(exporter->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *exporter), *importer), 3);
  const Tenant &e = pool.admit(exporter), &i = pool.admit(importer);
  Lease from(pool, e);
  { Lease used(pool, i, {find_export(from.instance(), "f"), std::nullopt}); }
  const auto refusal = [&](const Links& links) -> std::string {
    try {
      Lease lease(pool, i, links);
    } catch (const LinkError& error) {
      return error.what();
    }
    return "linked";
  };
  EXPECT_EQ(refusal({}), "unknown import \"e\" \"f\"");
  EXPECT_EQ(refusal({std::nullopt, std::nullopt}), "unknown import \"e\" \"f\"");
  EXPECT_NE(refusal({find_export(from.instance(), "f"), find_export(from.instance(), "f")}).find("\"e\" \"g\""),
            std::string::npos);
}

TEST_P(LinkedCalls, InstancesOfAnotherPoolAreRefused) {
  const auto exporter = prepare("(module (func (export \"f\") (result i32) i32.const 3))", GetParam());
  const auto importer = prepare("(module (import \"e\" \"f\" (func (result i32))))", GetParam(), nullptr, {true});
  Pool one(exporter->strategy(), SlotGeometry::covering({}, *exporter), 1);
  Pool other(importer->strategy(), SlotGeometry::covering({}, *importer), 1);
  Lease from(one, one.admit(exporter));
  const Tenant& tenant = other.admit(importer);
  for (int round = 0; round < 2; ++round)
    EXPECT_THROW(Lease(other, tenant, {find_export(from.instance(), "f")}), LinkError);
  EXPECT_EQ(from->vmctx().header().group_claims, nullptr);
}

// A start function may be an import: another instance's, or the host's.
struct Start : HostImports {
  std::optional<HostDefinition> find(const std::string&, const std::string& name, const FuncType&) const override {
    return HostDefinition{name == "ok" ? ok : no, nullptr};
  }
  static Trap ok(void*, const Instance& caller, Value*) noexcept {
    caller.memory(0)[0] = std::byte{42};
    return Trap::none;
  }
  static Trap no(void*, const Instance&, Value*) noexcept { return set_host_error("not today"), Trap::host; }
};

TEST_P(LinkedCalls, AnImportedStartFunctionRunsAndMayRefuse) {
  const Start host;
  Guest good("(module (import \"h\" \"ok\" (func $s)) (memory 1) (start $s))", GetParam(), 1, &host);
  Lease lease(good.pool, *good.tenant);
  EXPECT_EQ(lease->memory(0)[0], std::byte{42});
  Guest bad("(module (import \"h\" \"no\" (func $s)) (memory 1) (start $s))", GetParam(), 1, &host);
  for (int round = 0; round < 2; ++round) {
    try {
      Lease refused(bad.pool, *bad.tenant);
      FAIL() << "it was instantiated";
    } catch (const InstantiationError& error) {
      EXPECT_EQ(error.trap, Trap::host);
      EXPECT_STREQ(error.what(),
                   "instantiation failed: the start function (function 0) trapped: a host function refused: not today");
    }
  }
}

TEST_P(LinkedCalls, LinkedGlobalsAreSharedAndCopiedAtTheStart) {
  const auto exporter =
      prepare(R"((module (global (export "m") (mut i64) (i64.const 5)) (global (export "c") i32 (i32.const 1))
    (func $f (result i32) i32.const 31) (global (export "r") (mut funcref) (ref.func $f)) (table (export "t") 3 funcref)
    (memory (export "mem") 1) (func (export "get") (result i64) (global.get 0))))",
              GetParam());
  const auto importer = prepare(R"((module (import "e" "m" (global $m (mut i64))) (import "e" "c" (global $c i32))
    (import "e" "r" (global $r (mut funcref))) (import "e" "t" (table $t 3 funcref)) (import "e" "mem" (memory 1))
    (global $copy i32 (global.get $c)) (type $v (func (result i32)))
    (func $g (result i32) i32.const 32) (elem (global.get $c) $g) (data (global.get $c) "Z")
    (func (export "add") (global.set $m (i64.add (global.get $m) (i64.const 37))))
    (func (export "call r") (result i32) (table.set $t (i32.const 0) (global.get $r)) (call_indirect $t (type $v) (i32.const 0)))
    (func (export "call 1") (result i32) (call_indirect $t (type $v) (i32.const 1)))
    (func (export "copy") (result i32) (global.get $copy))))",
                                GetParam(), nullptr, {true, true, true, true, true});
  Pool pool(exporter->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *exporter), *importer), 2);
  const Tenant &e = pool.admit(exporter), &i = pool.admit(importer);
  for (int round = 0; round < 2; ++round) {
    Lease a(pool, e);
    Links links;
    for (const char* name : {"m", "c", "r", "t", "mem"}) links.push_back(find_export(a.instance(), name));
    Lease b(pool, i, links);
    EXPECT_EQ(called(b.instance(), "copy")[0].i32, 1u);
    EXPECT_EQ(called(b.instance(), "call r")[0].i32, 31u);
    EXPECT_EQ(called(b.instance(), "call 1")[0].i32, 32u) << "a segment's place was a linked global";
    EXPECT_EQ(a->memory(0)[1], std::byte{'Z'});
    called(b.instance(), "add");
    EXPECT_EQ(called(a.instance(), "get")[0].i64, 42u);
  }
}

// Calls to another instance, to the host and back, and traps on the way: no system call in any of it.
struct Back : HostImports {
  std::optional<HostDefinition> find(const std::string&, const std::string&, const FuncType&) const override {
    return HostDefinition{back, nullptr};
  }
  static Trap back(void*, const Instance& caller, Value* values) noexcept {
    static_cast<void>(caller.call(2, values));  // "trap": ends the inner call only
    return Trap::none;
  }
};

TEST_P(LinkedCalls, NestedCallsMakeNoSystemCall) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer makes calls of its own when the stack is switched";
#endif
  const Back host;
  const auto exporter = prepare(
      "(module (func (export \"f\") (param i32) (result i32) (i32.div_u (i32.const 8) (local.get 0))))", GetParam());
  const auto importer = prepare(
      R"((module (import "e" "f" (func $f (param i32) (result i32))) (import "h" "back" (func $back (param i32)))
    (func (export "trap") (param i32) unreachable)
    (func (export "run") (param i32) (result i32) (call $back (local.get 0)) (call $f (local.get 0)))))",
      GetParam(), &host, {true, false});
  Pool pool(exporter->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *exporter), *importer), 2);
  Lease from(pool, pool.admit(exporter));
  Lease to(pool, pool.admit(importer), {find_export(from.instance(), "f"), std::nullopt});
  const uint32_t run = find_export(to.instance(), "run")->index;
  uint32_t result = 0;
  ASSERT_EQ(call(to.instance(), "run", {2}, &result), Trap::none);
  ASSERT_EQ(result, 4u);
  std::vector<os::TracedInterval> intervals;
  try {
    intervals = os::trace_child([&] {
      os::trace_marker();
      for (uint32_t k = 0; k < 100; ++k) {
        Value values[1];
        values[0].i32 = k % 2;  // every other one divides by zero
        to->call(run, values);
      }
      os::trace_marker();
    });
  } catch (const std::system_error& error) {
    GTEST_SKIP() << error.what();
  }
  EXPECT_TRUE(intervals.at(0).empty()) << intervals.at(0).begin()->first;
}

}  // namespace
}  // namespace instbench
