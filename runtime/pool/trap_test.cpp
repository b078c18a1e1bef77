// Every way in which guest code can stop, on every kind of slot: what the caller is told, and that the slot's next
// tenant finds nothing of it. And the faults that are not guest code's.
#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <vector>

#include "runtime/os/counters.hpp"
#include "runtime/os/guest.hpp"
#include "runtime/pool/guest_fixture.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

class Stops : public HostImports {
 public:
  std::optional<HostDefinition> find(const std::string&, const std::string& name, const FuncType&) const override {
    if (name == "refuse") return HostDefinition{refuse, nullptr};
    if (name == "exit") return HostDefinition{exit, nullptr};
    return std::nullopt;
  }

 private:
  static Trap refuse(void*, const Instance&, Value*) noexcept { return set_host_error("no"), Trap::host; }
  static Trap exit(void*, const Instance&, Value*) noexcept { return set_exit_code(3), Trap::exit; }
};

// Each export changes all that an instance can change, then stops.
constexpr const char* kStops = R"((module
  (import "m" "refuse" (func $refuse)) (import "m" "exit" (func $exit)) (import "m" "nothing" (func $nothing))
  (memory 2 5) (table $t 12 30 funcref) (table $x 3 9 externref)
  (global $i (mut i32) (i32.const 7)) (global $l (mut i64) (i64.const -1)) (global $d (mut f64) (f64.const 1.5))
  (type $v (func (result i32))) (type $other (func (param i64)))
  (func $one (result i32) i32.const 1) (func $two (param i64))
  (data (i32.const 100) "start") (data (i32.const 70000) "second page") (data $passive "passive")
  (elem (i32.const 2) $one $two $refuse) (elem $e func $one $one)
  (func $mess
    (drop (memory.grow (i32.const 2)))
    (memory.fill (i32.const 0) (i32.const 0xfe) (i32.const 262144))
    (memory.init $passive (i32.const 90) (i32.const 0) (i32.const 7)) (data.drop $passive)
    (drop (table.grow $t (ref.func $one) (i32.const 8))) (drop (table.grow $x (ref.null extern) (i32.const 4)))
    (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2)) (elem.drop $e)
    (table.set $t (i32.const 5) (ref.null func)) (table.copy $t $t (i32.const 8) (i32.const 1) (i32.const 4))
    (global.set $i (i32.const -1)) (global.set $l (i64.const 99)) (global.set $d (f64.const nan)))
  (func (export "1") (call $mess) unreachable)
  (func (export "2") (call $mess) (drop (i32.load (i32.const 262141))))
  (func (export "2 store") (call $mess) (i64.store (i32.const -1) (i64.const 1)))
  (func (export "2 init") (call $mess) (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 1)))
  (func (export "2 copy") (call $mess) (memory.copy (i32.const 262140) (i32.const 0) (i32.const 5)))
  (func (export "3") (call $mess) (drop (table.get $t (i32.const 20))))
  (func (export "3 init") (call $mess) (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)))
  (func (export "3 fill") (call $mess) (table.fill $x (i32.const 6) (ref.null extern) (i32.const 2)))
  (func (export "3 copy") (call $mess) (table.copy $t $t (i32.const 0) (i32.const 19) (i32.const 2)))
  (func (export "4") (call $mess) (drop (call_indirect $t (type $v) (i32.const 20))))
  (func (export "4 far") (call $mess) (drop (call_indirect $t (type $v) (i32.const -1))))
  (func (export "5") (call $mess) (drop (call_indirect $t (type $v) (i32.const 5))))
  (func (export "5 never there") (call $mess) (drop (call_indirect $t (type $v) (i32.const 7))))
  (func (export "6") (call $mess) (drop (call_indirect $t (type $v) (i32.const 3))))
  (func (export "7") (call $mess) (drop (i64.rem_u (i64.const 1) (global.get $z))))
  (func (export "8") (call $mess) (drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1))))
  (func (export "8 convert") (call $mess) (drop (i64.trunc_f64_s (f64.const 0x1p63))))
  (func (export "9") (call $mess) (drop (i32.trunc_f64_u (global.get $d))))
  (func $deep (call $deep)) (func (export "10") (call $mess) (call $deep))
  (func (export "11") (call $mess) (call $refuse)) (func (export "11 absent") (call $mess) (call $nothing))
  (func (export "12") (call $mess) (call $exit))
  (global $z i64 (i64.const 0))))";

void stop_every_way(const std::shared_ptr<const Prepared>& prepared) {
  const SlotGeometry geometry = SlotGeometry::covering({}, *prepared);
  Pool fresh_pool(prepared->strategy(), geometry, 1), pool(prepared->strategy(), geometry, 1);
  Lease fresh(fresh_pool, fresh_pool.admit(prepared));
  const Tenant& tenant = pool.admit(prepared);
  std::vector<bool> seen(static_cast<size_t>(Trap::exit) + 1);
  for (const Export& one : prepared->module().exports) {
    SCOPED_TRACE(one.name);
    Lease lease(pool, tenant);
    expect_same_start(lease.instance(), fresh.instance());
    const Trap wanted = static_cast<Trap>(std::stoi(one.name));
    EXPECT_EQ(call(lease.instance(), one.name), wanted) << message_of(wanted);
    EXPECT_FALSE(os::in_guest());
    seen[static_cast<size_t>(wanted)] = true;
  }
  Lease last(pool, tenant);
  expect_same_start(last.instance(), fresh.instance());
  for (size_t kind = 1; kind < seen.size(); ++kind) EXPECT_TRUE(seen[kind]) << message_of(static_cast<Trap>(kind));
  EXPECT_EQ(pool.stats().failed_resets + pool.stats().retired, 0u);
}

class Traps : public EveryKind {};
INSTANTIATE_TEST_SUITE_P(Kinds, Traps, testing::ValuesIn(kKinds), name_of_kind);

TEST_P(Traps, EachLeavesTheSlotAsNew) {
  const Stops host;
  stop_every_way(prepare(kStops, GetParam(), &host));
}

class TrapsOnStrategy : public testing::TestWithParam<Strategy> {};
INSTANTIATE_TEST_SUITE_P(All, TrapsOnStrategy, testing::ValuesIn(all_strategies()),
                         [](const auto& one) { return "n" + std::to_string(one.index); });

TEST_P(TrapsOnStrategy, EachLeavesTheSlotAsNew) {
  if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
  const Stops host;
  const Compiled& one = compiled(kStops, Compiler::automatic, Bounds::checked);
  stop_every_way(Prepared::make(one.module, GetParam(), {one.code, &host, {}}));
}

// An optimiser must neither turn a loop into a call of memset (whose fault would not be guest code's) nor join stores
// across the memory's end.
constexpr const char* kLoops = R"((module (memory 1 1)
  (func (export "zero") (local $i i32) (loop $l (i32.store8 (local.get $i) (i32.const 0))
    (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.ne (local.get $i) (i32.const 70000)))))
  (func (export "copy") (local $i i32) (loop $l
    (i32.store8 offset=60000 (local.get $i) (i32.load8_u (local.get $i)))
    (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 70000)))))
  (func (export "four") (i64.store offset=65520 (i32.const 0) (i64.const 5)) (i64.store offset=65528 (i32.const 0) (i64.const 6))
    (i64.store offset=65536 (i32.const 0) (i64.const 7)))
  (func (export "last") (result i32) (i32.load offset=65528 (i32.const 0)))
  (func (export "unaligned") (i64.store offset=65529 (i32.const 0) (i64.const -1)))))";

TEST_P(Traps, LoopsAndNeighbouringStoresTrapWhereTheMemoryEnds) {
  Guest guest(kLoops, GetParam());
  Lease lease(guest.pool, *guest.tenant);
  uint32_t result = 0;
  EXPECT_EQ(call(lease.instance(), "four"), Trap::out_of_bounds_memory);
  EXPECT_EQ(call(lease.instance(), "last", {}, &result), Trap::none);
  EXPECT_EQ(result, 6u) << "the stores before the one that traps have happened";
  for (const char* name : {"zero", "copy", "unaligned"})
    EXPECT_EQ(call(lease.instance(), name), Trap::out_of_bounds_memory) << name;
}

// No memory at all at first: not even address 0 is there.
TEST_P(Traps, AnEmptyMemoryTrapsAtZeroAndMayGrow) {
  Guest guest(R"((module (memory 0 1) (func (export "load") (result i32) (i32.load8_u (i32.const 0)))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))))",
              GetParam());
  for (int round = 0; round < 2; ++round) {
    Lease lease(guest.pool, *guest.tenant);
    uint32_t result = 1;
    EXPECT_EQ(call(lease.instance(), "load"), Trap::out_of_bounds_memory);
    EXPECT_EQ(call(lease.instance(), "grow", {}, &result), Trap::none);
    EXPECT_EQ(result, 0u);
    EXPECT_EQ(call(lease.instance(), "load"), Trap::none);
  }
}

TEST_P(Traps, AGuestThatGrowsWithoutEndMeetsItsLimit) {
  Guest guest(R"((module (memory 0 40) (table 1 3000 funcref) (func (export "pages") (result i32)
      (loop $l (br_if $l (i32.ne (memory.grow (i32.const 3)) (i32.const -1)))) (memory.size))
    (func (export "entries") (result i32)
      (loop $l (br_if $l (i32.ne (table.grow 0 (ref.null func) (i32.const 7)) (i32.const -1)))) (table.size 0))
    (func (export "all") (result i32) (memory.grow (i32.const -1)))))",
              GetParam());
  for (int round = 0; round < 2; ++round) {
    Lease lease(guest.pool, *guest.tenant);
    uint32_t result = 0;
    EXPECT_EQ(call(lease.instance(), "all", {}, &result), Trap::none);
    EXPECT_EQ(result, UINT32_MAX);
    EXPECT_EQ(call(lease.instance(), "pages", {}, &result), Trap::none);
    EXPECT_EQ(result, 39u);
    EXPECT_EQ(call(lease.instance(), "entries", {}, &result), Trap::none);
    EXPECT_EQ(result, 1 + (lease->vmctx().table(0).max - 1) / 7 * 7);
  }
}

// A kernel that refuses to open more memory is a memory.grow of -1, and the call goes on.
TEST_P(Traps, AGrowthThatTheKernelRefusesIsMinusOne) {
  Guest guest(R"((module (memory 1 9) (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "size") (result i32) (memory.size))))",
              GetParam());
  Lease lease(guest.pool, *guest.tenant);
  uint32_t result = 0;
  os::inject_fault(os::Call::mprotect, 1, ENOMEM);
  EXPECT_EQ(call(lease.instance(), "grow", {}, &result), Trap::none);
  EXPECT_FALSE(os::clear_fault());
  EXPECT_EQ(result, UINT32_MAX);
  EXPECT_EQ(call(lease.instance(), "size", {}, &result), Trap::none);
  EXPECT_EQ(result, 1u);
  EXPECT_EQ(call(lease.instance(), "grow", {}, &result), Trap::none);
  EXPECT_EQ(result, 1u);
}

// [15] Checked code, too, has all of a 4 GiB memory, and an address that does not fit 32 bits is beyond it.
class CheckedTraps : public Traps {};
INSTANTIATE_TEST_SUITE_P(Kinds, CheckedTraps, testing::Values(kKinds[5], kKinds[6]), name_of_kind);

TEST_P(CheckedTraps, CheckedCodeSeesEveryByteOfFourGiB) {
  const Kind all{"", GetParam().compiler, "pool-lazy,reserve=4GiB,guard=64KiB"};
  Guest guest(R"((module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 65535)))
    (func (export "size") (result i32) (memory.size))
    (func (export "store") (param i32) (i32.store8 (local.get 0) (i32.const 1)))
    (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 2) (local.get 1)))
    (func (export "far") (param i32) (i32.store8 offset=4294967295 (local.get 0) (i32.const 1)))))",
              all);
  Lease lease(guest.pool, *guest.tenant);
  uint32_t result = 0;
  ASSERT_EQ(call(lease.instance(), "grow", {}, &result), Trap::none);
  EXPECT_EQ(result, 1u);
  call(lease.instance(), "size", {}, &result);
  EXPECT_EQ(result, 65536u);
  EXPECT_EQ(call(lease.instance(), "store", {UINT32_MAX}), Trap::none);
  EXPECT_EQ(call(lease.instance(), "far", {0}), Trap::none);
  EXPECT_EQ(call(lease.instance(), "far", {1}), Trap::out_of_bounds_memory);
  EXPECT_EQ(call(lease.instance(), "far", {UINT32_MAX}), Trap::out_of_bounds_memory);
  EXPECT_EQ(call(lease.instance(), "fill", {UINT32_MAX, 1}), Trap::none);
  EXPECT_EQ(call(lease.instance(), "fill", {UINT32_MAX, 2}), Trap::out_of_bounds_memory);
}

// ---- faults that are not guest code's: they kill, as they would without us ----

class Careless : public HostImports {
 public:
  std::optional<HostDefinition> find(const std::string&, const std::string& name, const FuncType&) const override {
    if (name == "null") return HostDefinition{null, nullptr};
    return HostDefinition{beyond, nullptr};
  }

 private:
  static Trap null(void*, const Instance&, Value*) noexcept {
    *static_cast<volatile int*>(nullptr) = 1;
    return Trap::none;
  }
  // [23] Guest memory, but not guest code: a host function must check addresses itself.
  static Trap beyond(void*, const Instance& caller, Value*) noexcept {
    *reinterpret_cast<volatile char*>(caller.memory(0).data() + caller.memory(0).size()) = 1;
    return Trap::none;
  }
};

constexpr const char* kCareless = R"((module (import "m" "null" (func $null)) (import "m" "beyond" (func $beyond))
  (memory 1 1) (func (export "null") (call $null)) (func (export "beyond") (call $beyond))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))))";

using TrapsDeathTest = Traps;
INSTANTIATE_TEST_SUITE_P(Kinds, TrapsDeathTest, testing::Values(kKinds[0], kKinds[1]), name_of_kind);

TEST_P(TrapsDeathTest, AFaultInAHostFunctionKills) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer reports the fault and exits";
#endif
  const Careless host;
  Guest guest(kCareless, GetParam(), 1, &host);
  Lease lease(guest.pool, *guest.tenant);
  EXPECT_EXIT(call(lease.instance(), "null"), testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(call(lease.instance(), "beyond"), testing::KilledBySignal(SIGSEGV), "");
}

// Guest code, but an address outside its slot: something is broken, and a trap would hide it.
TEST_P(TrapsDeathTest, AFaultOfGuestCodeOutsideItsSlotKills) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer reports the fault and exits";
#endif
  const Careless host;
  Guest guest(kCareless, GetParam(), 2, &host);
  Lease lease(guest.pool, *guest.tenant), neighbour(guest.pool, *guest.tenant);
  EXPECT_EQ(call(lease.instance(), "load", {65536}), Trap::out_of_bounds_memory);
  lease->vmctx().memory(0).base = neighbour->memory(0).data();
  EXPECT_EXIT(call(lease.instance(), "load", {65536}), testing::KilledBySignal(SIGSEGV), "");
}

}  // namespace
}  // namespace instbench
