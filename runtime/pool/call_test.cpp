// Guest code on every kind of slot: traps, the stack, growth, lazy entries, host functions. The numbers in brackets are
// ways in which a naive core goes wrong, each seen in an experiment.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "runtime/os/counters.hpp"
#include "runtime/os/trace.hpp"
#include "runtime/pool/guest_fixture.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

class Calls : public EveryKind {};

constexpr const char* kTraps =
    R"((module (memory 1 3) (table 10 funcref) (global $g (export "g") (mut i32) (i32.const 7))
  (type $v (func (result i32))) (type $other (func (param i64)))
  (func $one (result i32) i32.const 1) (func $two (param i64))
  (elem (i32.const 2) $one $two)
  (func (export "unreachable") unreachable)
  (func (export "load") (param i32) (result i32) (i32.load offset=4 (local.get 0)))
  (func (export "far") (param i32) (result i32) (i32.load offset=4294967295 (local.get 0)))
  (func (export "unused load") (param i32) (drop (i32.load (local.get 0))))
  (func (export "store") (param i32) (i32.store (local.get 0) (i32.const 1)))
  (func (export "set around store") (param i32)
    (global.set $g (i32.const 1)) (i32.store (local.get 0) (i32.const 1)) (global.set $g (i32.const 2)))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "remainder") (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
  (func (export "truncate") (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
  (func (export "indirect") (param i32) (result i32) (call_indirect (type $v) (local.get 0)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 9) (local.get 1)))
  (func (export "table set") (param i32) (table.set 0 (local.get 0) (ref.null func)))
  (func $recurse (export "recurse") (call $recurse))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))";

INSTANTIATE_TEST_SUITE_P(Kinds, Calls, testing::ValuesIn(kKinds), name_of_kind);

TEST_P(Calls, EveryTrapHasItsNameAndLeavesTheInstanceUsable) {
  Guest guest(kTraps, GetParam());
  for (int round = 0; round < 2; ++round) {  // the second tenant of the slot finds nothing of the first
    Lease lease(guest.pool, *guest.tenant);
    const Instance& instance = lease.instance();
    uint32_t result = 0;
    EXPECT_EQ(call(instance, "unreachable"), Trap::unreachable);
    EXPECT_EQ(call(instance, "load", {65528}, &result), Trap::none);
    EXPECT_EQ(result, 0u);
    for (const char* access : {"load", "far", "store", "unused load"})
      EXPECT_EQ(call(instance, access, {65536}), Trap::out_of_bounds_memory) << access;
    EXPECT_EQ(call(instance, "far", {0}), Trap::out_of_bounds_memory);
    EXPECT_EQ(call(instance, "load", {UINT32_MAX}), Trap::out_of_bounds_memory);
    EXPECT_EQ(call(instance, "fill", {65530, 7}), Trap::out_of_bounds_memory);
    EXPECT_EQ(call(instance, "divide", {1, 0}), Trap::divide_by_zero);
    EXPECT_EQ(call(instance, "divide", {0x80000000, UINT32_MAX}), Trap::integer_overflow);
    EXPECT_EQ(call(instance, "remainder", {0x80000000, UINT32_MAX}, &result), Trap::none);
    EXPECT_EQ(result, 0u);
    EXPECT_EQ(call(instance, "truncate", {0x7fc00000}), Trap::invalid_conversion);
    EXPECT_EQ(call(instance, "truncate", {0x7f7fffff}), Trap::integer_overflow);
    EXPECT_EQ(call(instance, "indirect", {2}, &result), Trap::none);
    EXPECT_EQ(result, 1u);
    EXPECT_EQ(call(instance, "indirect", {3}), Trap::indirect_call_mismatch);
    EXPECT_EQ(call(instance, "indirect", {4}), Trap::uninitialized_element);
    EXPECT_EQ(call(instance, "indirect", {10}), Trap::undefined_element);
    EXPECT_EQ(call(instance, "table set", {10}), Trap::out_of_bounds_table);
    EXPECT_EQ(call(instance, "recurse"), Trap::stack_exhausted);
    EXPECT_EQ(call(instance, "load", {0}, &result), Trap::none);  // and it goes on
    EXPECT_EQ(call(instance, "fill", {0, 65536}), Trap::none);
  }
}

// [17] A store before a trap is not dead, whatever an optimiser thinks.
TEST_P(Calls, WhatHappenedBeforeATrapHasHappened) {
  Guest guest(kTraps, GetParam());
  Lease lease(guest.pool, *guest.tenant);
  ASSERT_EQ(call(lease.instance(), "set around store", {65536}), Trap::out_of_bounds_memory);
  uint32_t value = 0;
  std::memcpy(&value, lease->vmctx().global(0), sizeof value);
  EXPECT_EQ(value, 1u);
}

TEST_P(Calls, AnExplicitNullIsNotAnEntryThatNobodyHasLookedAt) {  // [14]
  Guest guest(kTraps, GetParam());
  Lease lease(guest.pool, *guest.tenant);
  ASSERT_EQ(call(lease.instance(), "table set", {2}), Trap::none);  // before anything saw the entry
  EXPECT_EQ(call(lease.instance(), "indirect", {2}), Trap::uninitialized_element);
}

TEST_P(Calls, MemoryGrowsToItsLimitAndIsGoneForTheNext) {
  Guest guest(kTraps, GetParam());
  for (int round = 0; round < 2; ++round) {
    Lease lease(guest.pool, *guest.tenant);
    uint32_t old_pages = 0;
    EXPECT_EQ(call(lease.instance(), "store", {65536}), Trap::out_of_bounds_memory);
    ASSERT_EQ(call(lease.instance(), "grow", {2}, &old_pages), Trap::none);
    EXPECT_EQ(old_pages, 1u);
    EXPECT_EQ(call(lease.instance(), "store", {3 * 65536 - 4}), Trap::none);
    EXPECT_EQ(call(lease.instance(), "store", {3 * 65536 - 3}), Trap::out_of_bounds_memory);
    ASSERT_EQ(call(lease.instance(), "grow", {1}, &old_pages), Trap::none);
    EXPECT_EQ(old_pages, UINT32_MAX);
  }
}

constexpr const char* kSeen = R"((module (table $a (export "a") 8 funcref) (table $b 8 funcref) (table $x 3 externref)
  (type $v (func (result i32)))
  (func $f (result i32) i32.const 11) (func $g (result i32) i32.const 12)
  (elem (table $a) (i32.const 1) func $f $g)
  (func (export "by get") (result i32) (table.set $b (i32.const 0) (table.get $a (i32.const 1)))
    (call_indirect $b (type $v) (i32.const 0)))
  (func (export "by copy") (result i32) (table.copy $b $a (i32.const 3) (i32.const 1) (i32.const 2))
    (call_indirect $b (type $v) (i32.const 4)))
  (func (export "by null") (result i32) (ref.is_null (table.get $a (i32.const 1))))
  (func (export "by move") (result i32) (table.copy $a $a (i32.const 2) (i32.const 1) (i32.const 2))
    (call_indirect $a (type $v) (i32.const 3)))
  (func (export "grow") (result i32) (drop (table.grow $a (ref.func $g) (i32.const 2)))
    (call_indirect $a (type $v) (i32.const 9)))
  (func (export "extern") (result i32) (table.set $x (i32.const 0) (table.get $x (i32.const 1)))
    (ref.is_null (table.get $x (i32.const 0))))
  (elem declare func $g)))";

// [11, 14] Whatever can see an entry has it made first; what is copied is the entry and not its absence.
TEST_P(Calls, ALazyEntryIsMadeByWhateverSeesIt) {
  Guest guest(kSeen, GetParam());
  const std::pair<const char*, uint32_t> expected[] = {{"by get", 11},  {"by copy", 12}, {"by null", 0},
                                                       {"by move", 12}, {"grow", 12},    {"extern", 1}};
  for (const auto& [name, wanted] : expected) {
    Lease lease(guest.pool, *guest.tenant);
    uint32_t result = 99;
    EXPECT_EQ(call(lease.instance(), name, {}, &result), Trap::none) << name;
    EXPECT_EQ(result, wanted) << name;
  }
}

// [22] 2,000 locals make a frame of pages that nothing touches in order: it must end in the guard, not beyond it.
std::string large_frames() {
  std::string wat = "(module (func $f (export \"f\") (param i32) (result i64) (local";
  for (int i = 0; i < 2000; ++i) wat += " i64";
  wat += ") (if (i32.eqz (local.get 0)) (then (local.set 1 (i64.const 1))";
  for (int i = 2; i <= 2000; ++i)
    wat += "(local.set " + std::to_string(i) + " (local.get " + std::to_string(i - 1) + "))";
  return wat + ")) (i64.add (local.get 2000) (call $f (i32.const 1)))))";
}

TEST_P(Calls, ALargeFrameOverflowsIntoTheGuard) {
  static const std::string wat = large_frames();
  Guest guest(wat.c_str(), GetParam());
  Lease lease(guest.pool, *guest.tenant);
  EXPECT_EQ(call(lease.instance(), "f", {1}), Trap::stack_exhausted);
  EXPECT_EQ(call(lease.instance(), "f", {0}), Trap::stack_exhausted);
}

// Host functions: "same" is imported twice with different types [12].
class TestHost : public HostImports {
 public:
  std::optional<HostDefinition> find(const std::string&, const std::string& name, const FuncType& type) const override {
    if (name == "same" && type.params.empty()) return HostDefinition{seven, nullptr};
    if (name == "same") return HostDefinition{two_results, nullptr};
    if (name == "refuse") return HostDefinition{refuse, nullptr};
    if (name == "exit") return HostDefinition{exit, nullptr};
    if (name == "back") return HostDefinition{back, nullptr};
    return std::nullopt;
  }

 private:
  static Trap seven(void*, const Instance&, Value* values) noexcept { return values[0].i32 = 7, Trap::none; }
  static Trap two_results(void*, const Instance&, Value* values) noexcept {
    const uint64_t given = values[0].i64;
    values[0].f64 = 5;
    values[1].i32 = static_cast<uint32_t>(given + 1);
    return Trap::none;
  }
  static Trap refuse(void*, const Instance&, Value*) noexcept { return set_host_error("no"), Trap::host; }
  static Trap exit(void*, const Instance&, Value*) noexcept { return set_exit_code(3), Trap::exit; }
  // Calls the guest again, which traps: only the inner call ends.
  static Trap back(void*, const Instance& caller, Value* values) noexcept {
    Value inner;
    const Trap trap = caller.call(find_export(caller, "trap")->index, &inner);
    values[0].i32 = static_cast<uint32_t>(trap);
    return Trap::none;
  }
};

constexpr const char* kHosted = R"((module
  (import "m" "same" (func $seven (result i32)))
  (import "m" "same" (func $two (param i64) (result f64 i32)))
  (import "m" "refuse" (func $refuse)) (import "m" "exit" (func $exit)) (import "m" "back" (func $back (result i32)))
  (import "m" "absent" (func $absent))
  (table 4 funcref) (elem (i32.const 0) $seven $absent)
  (type $v (func (result i32)))
  (func (export "seven") (result i32) (call $seven))
  (func (export "two") (result i32) (local $i i32) (call $two (i64.const 41)) (local.set $i) (drop) (local.get $i))
  (func (export "five") (result i32) (call $two (i64.const 41)) (drop) (i32.trunc_f64_s))
  (func (export "through table") (result i32) (call_indirect (type $v) (i32.const 0)))
  (func (export "refuse") (call $refuse)) (func (export "exit") (call $exit)) (func (export "absent") (call $absent))
  (func (export "trap") unreachable)
  (func (export "back") (result i32) (call $back))
  (func $deep (export "deep") (param i32) (result i32) (drop (call $seven)) (call $deep (local.get 0)))))";

TEST_P(Calls, HostFunctionsAreThoseOfTheirNameAndType) {
  const TestHost host;
  Guest guest(kHosted, GetParam(), 1, &host);
  Lease lease(guest.pool, *guest.tenant);
  uint32_t result = 0;
  const std::pair<const char*, uint32_t> expected[] = {
      {"seven", 7}, {"two", 42}, {"five", 5}, {"through table", 7}, {"back", static_cast<uint32_t>(Trap::unreachable)}};
  for (const auto& [name, wanted] : expected) {
    EXPECT_EQ(call(lease.instance(), name, {}, &result), Trap::none) << name;
    EXPECT_EQ(result, wanted) << name;
  }
  EXPECT_EQ(call(lease.instance(), "refuse"), Trap::host);
  EXPECT_EQ(last_host_error(), "no");
  EXPECT_EQ(call(lease.instance(), "exit"), Trap::exit);
  EXPECT_EQ(last_exit_code(), 3u);
  EXPECT_EQ(call(lease.instance(), "absent"), Trap::host);
  EXPECT_NE(last_host_error().find("\"m\" \"absent\""), std::string::npos);
  EXPECT_EQ(call(lease.instance(), "deep", {0}), Trap::stack_exhausted);
  EXPECT_GT(guest.prepared->host_functions()[0]->calls, 2u);
}

TEST_P(Calls, ACallMakesNoSystemCall) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer makes calls of its own when the stack is switched";
#endif
  Guest guest(kTraps, GetParam());
  Lease lease(guest.pool, *guest.tenant);
  ASSERT_EQ(call(lease.instance(), "indirect", {2}), Trap::none);
  const uint32_t function = find_export(lease.instance(), "indirect")->index;
  std::vector<os::TracedInterval> intervals;
  try {
    intervals = os::trace_child([&] {
      os::trace_marker();
      for (int i = 0; i < 100; ++i) {
        Value values[1];
        values[0].i32 = 2 + static_cast<uint32_t>(i % 2);  // every other one traps
        lease->call(function, values);
      }
      os::trace_marker();
    });
  } catch (const std::system_error& error) {
    GTEST_SKIP() << error.what();
  }
  EXPECT_TRUE(intervals.at(0).empty()) << intervals.at(0).begin()->first;
}

constexpr const char* kFloats = R"((module
  (func (export "neg") (param f32) (result f32) (f32.neg (local.get 0)))
  (func (export "min") (param f32 f32) (result f32) (f32.min (local.get 0) (local.get 1)))
  (func (export "floor") (param f32) (result f32) (f32.floor (local.get 0)))
  (func (export "nan") (result i32) (i32.reinterpret_f32 (f32.copysign (f32.const nan) (f32.const -1))))))";

TEST_P(Calls, FloatsAreTheSpecificationsBitForBit) {  // [21]
  Guest guest(kFloats, GetParam());
  Lease lease(guest.pool, *guest.tenant);
  uint32_t result = 0;
  call(lease.instance(), "neg", {0x7fc00000}, &result);
  EXPECT_EQ(result, 0xffc00000u);
  call(lease.instance(), "neg", {0xffa00001}, &result);  // a signalling NaN stays one
  EXPECT_EQ(result, 0x7fa00001u);
  call(lease.instance(), "min", {0x00000000, 0x80000000}, &result);
  EXPECT_EQ(result, 0x80000000u);
  call(lease.instance(), "floor", {0x7fa00000}, &result);
  EXPECT_EQ(result & 0x7fc00000, 0x7fc00000u) << "a signalling NaN must come out quiet";
  call(lease.instance(), "nan", {}, &result);
  EXPECT_EQ(result, 0xffc00000u);
}

constexpr const char* kPassive = R"((module (memory 1) (table 4 funcref) (data $d "hello") (type $v (func (result i32)))
  (func $f (result i32) i32.const 5) (elem $e func $f)
  (func (export "init") (memory.init $d (i32.const 0) (i32.const 0) (i32.const 5)) (table.init $e (i32.const 1) (i32.const 0) (i32.const 1)))
  (func (export "drop") (data.drop $d) (elem.drop $e))
  (func (export "first") (result i32) (i32.load8_u (i32.const 0)))
  (func (export "call") (result i32) (call_indirect (type $v) (i32.const 1)))))";

TEST_P(Calls, DroppedSegmentsComeBackWithTheNextInstance) {  // [15]
  Guest guest(kPassive, GetParam());
  for (int round = 0; round < 2; ++round) {
    Lease lease(guest.pool, *guest.tenant);
    uint32_t result = 1;
    EXPECT_EQ(call(lease.instance(), "first", {}, &result), Trap::none);
    EXPECT_EQ(result, 0u);
    EXPECT_EQ(call(lease.instance(), "init"), Trap::none);
    call(lease.instance(), "first", {}, &result);
    EXPECT_EQ(result, static_cast<uint32_t>('h'));
    call(lease.instance(), "call", {}, &result);
    EXPECT_EQ(result, 5u);
    EXPECT_EQ(call(lease.instance(), "drop"), Trap::none);
    EXPECT_EQ(call(lease.instance(), "init"), Trap::out_of_bounds_memory);
  }
}

TEST_P(Calls, ATrapInTheStartFunctionFailsInstantiation) {
  Guest guest("(module (memory 1) (func $s (i32.store (i32.const 65536) (i32.const 1))) (start $s))", GetParam());
  try {
    Lease lease(guest.pool, *guest.tenant);
    FAIL() << "it was instantiated";
  } catch (const InstantiationError& error) {
    EXPECT_EQ(error.trap, Trap::out_of_bounds_memory);
    EXPECT_NE(std::string(error.what()).find("start function"), std::string::npos);
  }
}

// Function bodies are translated in groups: calls and references lead from each group to every other.
std::string many_functions(int count) {
  std::string wat = "(module (table 1 funcref) (type $v (func (result i32)))";
  for (int i = 0; i < count; ++i) {
    wat += "(func $f" + std::to_string(i) + " (result i32) ";
    if (i == 0) {
      wat += "i32.const 1)";
    } else {
      const std::string before = "$f" + std::to_string(i - 1);
      wat += "(i32.add (i32.const 1) (call " + before + ")))";
      if (i % 100 == 0)
        wat += "(func (export \"r" + std::to_string(i) + "\") (result i32) (table.set 0 (i32.const 0) (ref.func " +
               before + ")) (call_indirect (type $v) (i32.const 0)))";
    }
  }
  wat += "(elem declare func";
  for (int i = 99; i < count; i += 100) wat += " $f" + std::to_string(i);
  return wat + ") (export \"last\" (func $f" + std::to_string(count - 1) + ")))";
}

TEST_P(Calls, FunctionsOfAllGroupsReachEachOther) {
  static const std::string wat = many_functions(701);
  Guest guest(wat.c_str(), GetParam());
  Lease lease(guest.pool, *guest.tenant);
  uint32_t result = 0;
  EXPECT_EQ(call(lease.instance(), "last", {}, &result), Trap::none);
  EXPECT_EQ(result, 701u);
  EXPECT_EQ(call(lease.instance(), "r600", {}, &result), Trap::none);
  EXPECT_EQ(result, 600u);
}

// A memory of 4 GiB: 65,536 pages, the last byte, and addresses up to 2^33 [15].
TEST(GuestCode, AFullMemoryWorksToItsLastByte) {
  if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
  Guest guest(R"((module (memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size))
    (func (export "store") (param i32) (i32.store8 (local.get 0) (i32.const 1)))
    (func (export "far") (param i32) (result i32) (i32.load offset=4294967295 (local.get 0)))))",
              {"tcc", Compiler::automatic, "pool-lazy"});
  Lease lease(guest.pool, *guest.tenant);
  uint32_t result = 0;
  ASSERT_EQ(call(lease.instance(), "grow", {65535}, &result), Trap::none);
  ASSERT_EQ(result, 1u);
  call(lease.instance(), "size", {}, &result);
  EXPECT_EQ(result, 65536u);
  EXPECT_EQ(call(lease.instance(), "store", {UINT32_MAX}), Trap::none);
  EXPECT_EQ(call(lease.instance(), "far", {UINT32_MAX}), Trap::out_of_bounds_memory);
  EXPECT_EQ(call(lease.instance(), "grow", {1}, &result), Trap::none);
  EXPECT_EQ(result, UINT32_MAX);
}

TEST(GuestCode, LoadingItLeavesTheStackNotExecutable) {  // [19]
  if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
  compiled(kFloats, Compiler::automatic, Bounds::guard);
  std::ifstream maps("/proc/self/maps");
  bool seen = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("[stack]") == std::string::npos) continue;
    seen = true;
    EXPECT_EQ(line.find("rwx"), std::string::npos) << line;
  }
  EXPECT_TRUE(seen);
}

TEST(GuestCode, CodeWithoutChecksIsRefusedWhereThereIsNoGuard) {
  if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
  const Compiled& one = compiled(kTraps, Compiler::automatic, Bounds::guard);
  const Strategy small = parse_strategy("pool-lazy,reserve=16MiB,guard=64KiB");
  EXPECT_THROW(Prepared::make(one.module, small, {one.code, nullptr, {}}), Unsupported);
}

}  // namespace
}  // namespace instbench
