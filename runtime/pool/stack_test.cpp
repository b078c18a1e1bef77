// Stack exhaustion, however it comes about: it is a trap, the same calls work again afterwards, and what lies between
// (a host function, another instance) is not harmed.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "runtime/os/guest.hpp"
#include "runtime/pool/guest_fixture.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

// Host functions that know how deep they are. "again" calls the export of that name; it hands a trap on.
struct Depth : HostImports {
  mutable uint64_t calls = 0, deepest_bytes = 0;
  mutable const std::byte* limit = nullptr;

  std::optional<HostDefinition> find(const std::string&, const std::string& name, const FuncType&) const override {
    if (name == "again") return HostDefinition{again, const_cast<Depth*>(this)};
    return HostDefinition{touch, const_cast<Depth*>(this)};
  }
  static Trap again(void* context, const Instance& caller, Value*) noexcept {
    ++static_cast<Depth*>(context)->calls;
    Value nothing;
    return caller.call(find_export(caller, "nested")->index, &nothing);
  }
  // Uses 128 KiB below the frame that called it: half the headroom.
  static Trap touch(void* context, const Instance&, Value*) noexcept {
    volatile char frame[128 << 10];
    for (size_t i = 0; i < sizeof frame; i += 4096) frame[i] = 1;
    ++static_cast<Depth*>(context)->calls;
    return Trap::none;
  }
};

std::string temporaries() {  // [22] operands that all wait for the innermost call, which is never made
  std::string wat =
      "(func $wide (export \"temporaries\") (param i32) (result i64) (if (i32.eqz (local.get 0)) (then (drop ";
  for (int i = 0; i < 2000; ++i) wat += "(i64.add (i64.extend_i32_u (local.get 0)) ";
  wat += "(i64.const 1)";
  wat.append(2000, ')');
  return wat + "))) (call $wide (i32.const 1)))";
}

std::string module_text() {
  std::string wat = R"((module (import "m" "again" (func $again)) (import "m" "touch" (func $touch))
  (type $v (func)) (type $many (func (param)" +
                    [] {
                      std::string many;
                      for (int i = 0; i < 200; ++i) many += " i64";
                      return many;
                    }() +
                    R"()))
  (table 2 funcref) (elem (i32.const 0) $indirect)
  (global $n (mut i32) (i32.const 0))
  (func $plain (export "plain") (call $plain))
  (func $indirect (export "indirect") (call_indirect (type $v) (i32.const 0)))
  (func (export "nested") (call $again))
  (func $host (export "host at every depth") (call $touch) (call $host))
  (func $even (export "mutual") (call $odd)) (func $odd (call $even))
  (func $count (export "count") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
      (else (i32.add (i32.const 1) (call $count (i32.sub (local.get 0) (i32.const 1)))))))
  (func $parameters (type $many) )";
  for (int i = 0; i < 200; ++i) wat += "(local.get " + std::to_string(i) + ")";
  wat += "call $parameters) (func (export \"parameters\") ";
  for (int i = 0; i < 200; ++i) wat += "(i64.const 1)";
  return wat + "call $parameters)" + temporaries() + ")";
}

class Stack : public EveryKind {};
INSTANTIATE_TEST_SUITE_P(Kinds, Stack, testing::ValuesIn(kKinds), name_of_kind);

TEST_P(Stack, EveryWayToExhaustItIsATrapAndCanBeRepeated) {
  static const std::string wat = module_text();
  const Depth host;
  Guest guest(wat.c_str(), GetParam(), 1, &host);
  for (int round = 0; round < 2; ++round) {
    Lease lease(guest.pool, *guest.tenant);
    for (const char* name :
         {"plain", "indirect", "mutual", "parameters", "temporaries", "nested", "host at every depth"}) {
      EXPECT_EQ(call(lease.instance(), name, {1}), Trap::stack_exhausted) << name;
      EXPECT_FALSE(os::in_guest());
      uint32_t result = 0;
      EXPECT_EQ(call(lease.instance(), "count", {10000}, &result), Trap::none) << "after " << name;
      EXPECT_EQ(result, 10000u);
    }
  }
  EXPECT_GT(host.calls, 1000u) << "the host functions were reached at many depths";
}

// A linked function checks the stack of the thread that calls, not of the one that once filled its slot.
TEST_P(Stack, APoolMayGoToAnotherThread) {
  const auto callee = prepare(R"((module (func $count (export "count") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (i32.add (i32.const 1) (call $count (i32.sub (local.get 0) (i32.const 1)))))))))",
                              GetParam());
  const auto caller = prepare(R"((module (import "e" "count" (func $count (param i32) (result i32)))
      (func (export "run") (param i32) (result i32) (call $count (local.get 0)))))",
                              GetParam(), nullptr, {true});
  Pool pool(callee->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *callee), *caller), 2);
  const Tenant &to = pool.admit(callee), &from = pool.admit(caller);
  const auto use = [&] {
    Lease one(pool, to);
    EXPECT_EQ(one->vmctx().header().stack_limit, os::guest_stack_limit());
    Lease two(pool, from, {find_export(one.instance(), "count")});
    uint32_t result = 0;
    EXPECT_EQ(call(two.instance(), "run", {10000}, &result), Trap::none);
    EXPECT_EQ(result, 10000u);
    EXPECT_EQ(call(two.instance(), "run", {UINT32_MAX}), Trap::stack_exhausted);
  };
  std::thread(use).join();
  use();
  std::thread(use).join();
}

// A group may go to another thread, whose stack lies elsewhere: each of its instances goes by the stack that is in use.
TEST_P(Stack, AGroupMayGoToAnotherThread) {
  const auto callee = prepare(R"((module (func $count (export "count") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (i32.add (i32.const 1) (call $count (i32.sub (local.get 0) (i32.const 1)))))))))",
                              GetParam());
  const auto caller = prepare(R"((module (import "e" "count" (func $count (param i32) (result i32)))
      (func (export "run") (param i32) (result i32) (call $count (local.get 0)))))",
                              GetParam(), nullptr, {true});
  Pool pool(callee->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *callee), *caller), 2);
  Lease one(pool, pool.admit(callee));
  Lease two(pool, pool.admit(caller), {find_export(one.instance(), "count")});
  const auto use = [&] {
    uint32_t result = 0;
    EXPECT_EQ(call(two.instance(), "run", {10000}, &result), Trap::none);
    EXPECT_EQ(result, 10000u);
    EXPECT_EQ(call(two.instance(), "run", {UINT32_MAX}), Trap::stack_exhausted);
  };
  use();
  // Stacks below this thread's, each below the one before, then this thread's again.
  std::thread([&] {
    use();
    std::thread([&] { use(); }).join();
    use();
  }).join();
  use();
}

// Two instances that call each other: code and guard of both are claimed, and the limit holds in both.
TEST_P(Stack, InstancesThatCallEachOtherExhaustItTogether) {
  const auto first = prepare(R"((module (table (export "t") 2 funcref) (type $v (func))
      (func (export "go") (call_indirect (type $v) (i32.const 1)))))",
                             GetParam());
  const auto second = prepare(R"((module (import "e" "t" (table 2 funcref)) (import "e" "go" (func $go))
      (func $back (call $go)) (elem (i32.const 1) $back)))",
                              GetParam(), nullptr, {true, true});
  Pool pool(first->strategy(), SlotGeometry::covering(SlotGeometry::covering({}, *first), *second), 2);
  Lease a(pool, pool.admit(first));
  Lease b(pool, pool.admit(second), {find_export(a.instance(), "t"), find_export(a.instance(), "go")});
  for (int round = 0; round < 3; ++round) EXPECT_EQ(call(a.instance(), "go"), Trap::stack_exhausted);
}

}  // namespace
}  // namespace instbench
