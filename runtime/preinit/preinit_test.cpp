#include "runtime/preinit/preinit.hpp"

#include <gtest/gtest.h>

#include "runtime/pool/guest_fixture.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

class Preinit : public EveryKind {};
INSTANTIATE_TEST_SUITE_P(Kinds, Preinit, testing::ValuesIn(kKinds), name_of_kind);

// State of every kind, changed by `setup` and the start function, read back by the others.
constexpr const char* kState = R"((module (import "host" "seed" (func $seed (result i32)))
  (memory (export "m") 1 8) (memory $second 1) (table $t 4 20 funcref) (table $x 2 externref)
  (type $v (func (result i32)))
  (global $i (mut i32) (i32.const 1)) (global $l (mut i64) (i64.const 2)) (global $f (mut f32) (f32.const 1.5))
  (global $d (mut f64) (f64.const nan)) (global $r (mut funcref) (ref.null func)) (global $n (mut i32) (i32.const 0))
  (data (i32.const 100) "static") (data $kept "kept") (data $gone "gone")
  (func $one (result i32) i32.const 1) (func $two (result i32) i32.const 2)
  (elem (i32.const 0) $one $one $one) (elem $kept_elements func $two) (elem declare func $two)
  (func $start (i32.store8 (i32.const 0) (i32.const 9))) (start $start)
  (func (export "setup")
    (global.set $i (call $seed)) (global.set $l (i64.const -5)) (global.set $f (f32.const -0)) (global.set $r (ref.func $two))
    (drop (memory.grow (i32.const 2))) (i32.store (i32.const 196604) (i32.const 77)) (i32.store8 (i32.const 100) (i32.const 0))
    (table.set $t (i32.const 1) (ref.func $two)) (table.set $t (i32.const 2) (ref.null func))
    (drop (table.grow $t (ref.func $two) (i32.const 3))) (data.drop $gone))
  (func (export "again") (global.set $n (i32.add (global.get $n) (i32.const 1))))
  (func (export "i") (result i32) (global.get $i)) (func (export "l") (result i32) (i32.wrap_i64 (global.get $l)))
  (func (export "f") (result i32) (i32.reinterpret_f32 (global.get $f)))
  (func (export "r") (result i32) (ref.is_null (global.get $r))) (func (export "n") (result i32) (global.get $n))
  (func (export "pages") (result i32) (memory.size)) (func (export "entries") (result i32) (table.size $t))
  (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "entry") (param i32) (result i32) (call_indirect $t (type $v) (local.get 0)))
  (func (export "keep") (memory.init $kept (i32.const 500) (i32.const 0) (i32.const 4))
    (table.init $t $kept_elements (i32.const 0) (i32.const 0) (i32.const 1)))
  (func (export "lost") (memory.init $gone (i32.const 500) (i32.const 0) (i32.const 4)))))";

class Seed : public HostImports {
 public:
  std::optional<HostDefinition> find(const std::string&, const std::string&, const FuncType&) const override {
    return HostDefinition{[](void*, const Instance&, Value* values) noexcept { return values[0].i32 = 33, Trap::none; },
                          nullptr};
  }
};

Preinitialised snapshot(const Kind& kind, std::vector<std::string> exports, const HostImports* host) {
  const Strategy strategy = parse_strategy(kind.strategy);
  const bool room = strategy.reserve_bytes + strategy.guard_bytes >= kGuardedBytes;
  const Compiled& one = compiled(kState, kind.compiler, room ? Bounds::guard : Bounds::checked);
  return preinit(one.module, one.code, exports, host);
}

TEST_P(Preinit, InstancesStartWhereTheRunEnded) {
  const Seed host;
  const Preinitialised made = snapshot(GetParam(), {"setup", "again"}, &host);
  EXPECT_EQ(made.report.memory_pages_after, made.report.memory_pages_before + 2);
  EXPECT_EQ(made.report.segments_dropped, 1u);
  EXPECT_FALSE(made.module->start.has_value());
  const Strategy strategy = parse_strategy(GetParam().strategy);
  const bool room = strategy.reserve_bytes + strategy.guard_bytes >= kGuardedBytes;
  const auto prepared =
      Prepared::make(made.module, strategy,
                     {compiled(kState, GetParam().compiler, room ? Bounds::guard : Bounds::checked).code, &host, {}});
  Pool pool(strategy, SlotGeometry::covering({}, *prepared), 1);
  const Tenant& tenant = pool.admit(prepared);
  for (int round = 0; round < 2; ++round) {
    Lease lease(pool, tenant);
    const auto value = [&](const char* name, std::initializer_list<uint32_t> arguments = {}) {
      uint32_t result = 0;
      EXPECT_EQ(call(lease.instance(), name, arguments, &result), Trap::none) << name;
      return result;
    };
    EXPECT_EQ(value("i"), 33u);
    EXPECT_EQ(value("l"), static_cast<uint32_t>(-5));
    EXPECT_EQ(value("f"), 0x80000000u);
    EXPECT_EQ(value("r"), 0u);
    EXPECT_EQ(value("n"), 1u) << "each instance starts from the snapshot, not from its predecessor";
    EXPECT_EQ(value("pages"), 3u);
    EXPECT_EQ(value("entries"), 7u);
    EXPECT_EQ(value("byte", {0}), 9u) << "the start function ran once";
    EXPECT_EQ(value("byte", {100}), 0u);
    EXPECT_EQ(value("byte", {101}), static_cast<uint32_t>('t'));
    EXPECT_EQ(value("byte", {196604}), 77u);
    EXPECT_EQ(value("entry", {0}), 1u);
    EXPECT_EQ(value("entry", {1}), 2u);
    EXPECT_EQ(value("entry", {6}), 2u);
    EXPECT_EQ(call(lease.instance(), "entry", {2}), Trap::uninitialized_element);
    EXPECT_EQ(call(lease.instance(), "keep"), Trap::none);
    EXPECT_EQ(value("byte", {500}), static_cast<uint32_t>('k'));
    EXPECT_EQ(value("entry", {0}), 2u);
    EXPECT_EQ(call(lease.instance(), "lost"), Trap::out_of_bounds_memory);
    call(lease.instance(), "again");
  }
}

TEST_P(Preinit, TheNameOfASnapshotIsItsState) {
  const Seed host;
  const auto name = [&](std::vector<std::string> exports) {
    return snapshot(GetParam(), exports, &host).module->snapshot;
  };
  EXPECT_EQ(name({"setup"}), name({"setup"}));
  EXPECT_NE(name({"setup"}), name({"setup", "again"}));
  EXPECT_NE(name({}), "");
}

TEST_P(Preinit, WhatCannotBeSavedIsRefused) {
  const auto refusal = [&](std::vector<std::string> exports) -> std::string {
    try {
      snapshot(GetParam(), exports, nullptr);
    } catch (const PreinitError& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_NE(refusal({"setup"}).find("does not provide"), std::string::npos);
  EXPECT_NE(refusal({"absent"}).find("exports no 'absent'"), std::string::npos);
  EXPECT_NE(refusal({"byte"}).find("takes parameters"), std::string::npos);
  EXPECT_NE(refusal({"m"}).find("not a function"), std::string::npos);
  EXPECT_NE(refusal({"lost", "lost"}), "");
  EXPECT_EQ(refusal({"again"}), "taken");
}

TEST(PreinitAdvice, NamesWhatLooksLikeInitialisation) {
  const auto advice = [](const char* wat) {
    return preinit_advice(*load(assemble_wat(wat, "t"), "t", Bodies::validate));
  };
  EXPECT_FALSE(advice("(module (func (export \"run\")))").has_value());
  EXPECT_NE(advice("(module (func (export \"_initialize\")))")->find("--preinit _initialize"), std::string::npos);
  EXPECT_NE(advice("(module (func $s) (start $s))")->find("start function"), std::string::npos);
}

}  // namespace
}  // namespace instbench
