// Tables that are written at once from a finished table, and tables that stay in a slot from one instance to the next:
// what is written, counted exactly; what another module, another load of the code, a link or a host could make of it.
#include <gtest/gtest.h>

#include <tuple>

#include "runtime/os/counters.hpp"
#include "runtime/os/usage.hpp"
#include "runtime/pool/guest_fixture.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

// Three modules of one memory image with other tables: of a page and a half, of three entries, of nine pages.
constexpr const char* kLong = R"((module (import "host" "f" (func $imported)) (memory 2) (data (i32.const 70000) "same")
  (table $t 256 funcref) (func $a) (func $b) (elem (i32.const 0) $a $imported $b) (elem (i32.const 250) $b $b)
  (func (export "call") (param i32) (call_indirect (local.get 0)))))";
constexpr const char* kShort = R"((module (memory 2) (data (i32.const 70000) "same")
  (table 3 funcref) (func $a) (func $b) (elem (i32.const 1) $b $a)))";
constexpr const char* kHuge = R"((module (memory 2) (data (i32.const 70000) "same")
  (table 1500 funcref) (func $a) (func $b) (func $c) (elem (i32.const 1) $c) (elem (i32.const 1400) $b $c)))";

// A table that code writes (16 entries, in front of it in the file), one that stays, one of externref that is exported.
constexpr const char* kMixed = R"((module (memory 1) (table $w 16 32 funcref) (table $t 200 funcref)
  (table $x (export "x") 4 externref) (func $a) (func $b)
  (elem (table $w) (i32.const 0) func $a $a) (elem (table $t) (i32.const 0) func $b $b $a)
  (func (export "w") (param i32) (table.set $w (local.get 0) (ref.func $b))) (elem declare func $b)))";

uint64_t calls_in(const os::Counters& counters) {
  uint64_t sum = 0;
  for (const uint64_t calls : counters.calls) sum += calls;
  return sum;
}

// By entry: the function, or nothing for null.
std::vector<std::optional<uint32_t>> functions(const Instance& instance, size_t table) {
  std::vector<std::optional<uint32_t>> all;
  for (uint64_t i = 0; i < instance.table_size(table); ++i) {
    const FuncRef ref = instance.take(table, i);
    all.push_back(instance.prepared().function_of(ref, instance.vmctx().base()));
    if (!ref.is_null()) {
      EXPECT_TRUE(all.back()) << "entry " << i << " is another's";
    }
  }
  return all;
}

std::string refusal(const char* wat, std::vector<bool> linked = {}) {
  try {
    Prepared::make(module_of(wat), parse_strategy("pool-lazy,tables=retained"), {nullptr, nullptr, std::move(linked)});
  } catch (const Unsupported& error) {
    return error.what();
  }
  return "accepted";
}

class Retaining : public testing::TestWithParam<Strategy> {};
INSTANTIATE_TEST_SUITE_P(All, Retaining, testing::ValuesIn(retaining_strategies()),
                         [](const auto& one) { return "n" + std::to_string(one.index); });

// The first instance makes what it looks at; the second finds it, and makes nothing.
TEST_P(Retaining, TheSecondInstanceMakesNoEntryAndNoMoreCalls) {
  PoolWith one(kLong, GetParam(), 1);
  std::vector<std::optional<uint32_t>> first;
  {
    Lease lease(one.pool, *one.tenant);
    EXPECT_EQ(lease.path().tables, TablePath::lazy);
    first = functions(lease.instance(), 0);
  }
  EXPECT_EQ(first[1], 0u);
  EXPECT_EQ(first[251], 2u);
  EXPECT_EQ(first[3], std::nullopt);
  for (int round = 0; round < 3; ++round) {
    const os::Counters before = os::counters();
    Lease lease(one.pool, *one.tenant);
    EXPECT_EQ(lease.path().tables, TablePath::retained);
    EXPECT_EQ(functions(lease.instance(), 0), first);
    const os::Counters cost = os::counters() - before;
    EXPECT_EQ(cost.table_entries, 0u);
    EXPECT_EQ(calls_in(cost), 0u);
  }
  EXPECT_EQ(one.pool.stats().failed_resets, 0u);
}

TEST_P(Retaining, ModulesThatAlternateOnOneSlotFindTheirOwnEntries) {
  const auto ready = [](const char* wat) { return Prepared::make(module_of(wat), GetParam()); };
  const auto longer = ready(kLong), again = ready(kLong), shorter = ready(kShort), huge = ready(kHuge);
  ASSERT_EQ(longer->memory_key(), huge->memory_key());
  SlotGeometry geometry;
  for (const auto& prepared : {longer, shorter, huge, again}) geometry = SlotGeometry::covering(geometry, *prepared);
  Pool pool(GetParam(), geometry, 1);
  const Tenant &l = pool.admit(longer), &s = pool.admit(shorter), &h = pool.admit(huge), &a = pool.admit(again);
  const Tenant* const order[] = {&l, &s, &l, &h, &l, &h, &h, &s, &s, &h, &a, &l, &l, &a};
  const Tenant* last = nullptr;
  for (const Tenant* tenant : order) {
    Lease lease(pool, *tenant);
    EXPECT_EQ(lease.path().tables, tenant == last ? TablePath::retained : TablePath::lazy);
    if (last != nullptr) {
      EXPECT_EQ(lease.path().slot, tenant == last ? SlotPath::hit : SlotPath::shared);
    }
    const auto there = functions(lease.instance(), 0);
    for (uint64_t i = 0; i < there.size(); ++i) {
      const TableImage& image = tenant->prepared().table(0).image;
      const bool null = i >= image.size() || image[i] == kNoFunction;
      EXPECT_EQ(there[i], null ? std::nullopt : std::optional(image[i])) << i;
    }
    std::memset(lease->memory(0).data(), 0xf7, lease->memory(0).size());
    last = tenant;
  }
  EXPECT_EQ(pool.stats().failed_resets, 0u);
}

// What a reset covers begins behind the retained table, on another page.
TEST_P(Retaining, TheOtherTablesAreResetAsEver) {
  PoolWith one(kMixed, GetParam(), 1);
  const Prepared& prepared = *one.prepared;
  EXPECT_FALSE(prepared.table(0).retained);
  ASSERT_TRUE(prepared.table(1).retained);
  EXPECT_FALSE(prepared.table(2).retained);
  EXPECT_EQ(prepared.table(1).offset, 0u);
  EXPECT_EQ(prepared.needs().retained_bytes, 2 * os::kPageBytes);  // 200 entries of 24 bytes
  EXPECT_EQ(prepared.table(0).offset, prepared.needs().retained_bytes);
  for (int round = 0; round < 4; ++round) {
    Lease lease(one.pool, *one.tenant);
    const auto* kept = reinterpret_cast<const std::byte*>(lease->vmctx().table(1).entries);
    const os::Range reset = lease->slot().reset_range(prepared);
    EXPECT_EQ(reset.base, kept + prepared.needs().retained_bytes);
    EXPECT_EQ(lease->vmctx().table(1).entries[1].initialised(), round != 0);
    EXPECT_FALSE(lease->vmctx().table(0).entries[1].initialised());
    const auto written = functions(lease.instance(), 0);
    EXPECT_EQ(written[1], 0u);
    EXPECT_EQ(written[9], std::nullopt);
    EXPECT_EQ(functions(lease.instance(), 1)[1], 1u);
    EXPECT_TRUE(lease->take(2, 3).is_null());
    write_all_entries(lease.instance(), 0, 1);
    ASSERT_TRUE(lease->grow_table(0, 16));
    lease->set(2, 3, {&kNullTag, reinterpret_cast<GuestCode>(&round), nullptr});
  }
}

// An instantiation that fails after the tables are there, and a slot that is wiped since its reset failed.
TEST_P(Retaining, WhatFailsLosesOrKeepsTheTableWhole) {
  constexpr const char* kFails = R"((module (memory 1) (table 100 funcref) (func $a) (elem (i32.const 7) $a)
    (data (i32.const 65535) "over")))";
  PoolWith fails(kFails, GetParam(), 1);
  for (int round = 0; round < 2; ++round) EXPECT_THROW(Lease(fails.pool, *fails.tenant), InstantiationError);
  EXPECT_EQ(fails.pool.stats().failed_resets, 0u);

  PoolWith one(kLong, GetParam(), 1);
  for (const os::Call call : {os::Call::madvise, os::Call::mmap, os::Call::ioctl}) {
    { const Lease lease(one.pool, *one.tenant); }
    const uint64_t failed = one.pool.stats().failed_resets;
    {
      Lease lease(one.pool, *one.tenant);
      functions(lease.instance(), 0);
      std::memset(lease->memory(0).data(), 1, lease->memory(0).size());
      os::inject_fault(call, 1, ENOMEM);
      lease.release();
      os::clear_fault();
    }
    const bool wiped = one.pool.stats().failed_resets != failed;
    Lease lease(one.pool, *one.tenant);
    EXPECT_EQ(lease.path().tables, wiped ? TablePath::lazy : TablePath::retained);
    EXPECT_EQ(lease->vmctx().table(0).entries[1].initialised(), !wiped);
    EXPECT_EQ(functions(lease.instance(), 0)[2], 2u);
  }
}

TEST(RetainedTables, AHostIsRefused) {
  PoolWith one(kMixed, parse_strategy("pool-lazy,tables=retained"), 1);
  Lease lease(one.pool, *one.tenant);
  EXPECT_THROW(lease->set(1, 0, null_ref()), std::logic_error);
  EXPECT_EQ(lease->grow_table(1, 1), std::nullopt);
  EXPECT_EQ(lease->table_size(1), 200u);
  lease->set(0, 0, null_ref());
}

// An Extern that no export gave.
TEST(RetainedTables, ALinkIsRefused) {
  const Strategy strategy = parse_strategy("pool-lazy,tables=proven");
  const auto owner = Prepared::make(module_of(kMixed), strategy);
  const auto user = Prepared::make(module_of(R"((module (import "o" "t" (table 1 funcref))))"), strategy,
                                   {nullptr, nullptr, {true}});
  Pool pool(strategy, SlotGeometry::covering(SlotGeometry::covering({}, *owner), *user), 2);
  const Tenant &o = pool.admit(owner), &u = pool.admit(user);
  Lease lease(pool, o);
  EXPECT_FALSE(find_export(lease.instance(), "t"));
  try {
    Lease(pool, u, {Extern{lease.instance(), ExternKind::table, 1}});
    FAIL() << "linked";
  } catch (const LinkError& error) {
    EXPECT_NE(std::string(error.what()).find("the table is retained"), std::string::npos) << error.what();
  }
  Lease(pool, u, {Extern{lease.instance(), ExternKind::table, 0}});
}

TEST(RetainedTables, AModuleWithoutOneIsUnsupportedAndSaysWhy) {
  EXPECT_EQ(refusal(kLong), "accepted");
  EXPECT_EQ(refusal("(module (memory 1))"), "tables=retained: the module has no table");
  EXPECT_EQ(refusal(R"((module (table (export "t") 1 funcref) (table 2 funcref)
    (func (table.set 1 (i32.const 0) (ref.null func)))))"),
            "tables=retained: none of the module's 2 tables can be kept; table 0: it is exported as \"t\": others can "
            "write it; table 1: function 0 writes it (table.set)");
}

// The function of another instance: the next instance on the slot may be linked to one that lies elsewhere.
TEST(RetainedTables, AnEntryThatIsAnotherInstancesFunctionStandsAgainstIt) {
  constexpr const char* kLinks = R"((module (import "o" "f" (func $f)) (import "o" "g" (func $g))
    (table $u 2 funcref) (table $v 2 funcref) (func $own)
    (elem (table $u) (i32.const 0) func $own $g) (elem (table $v) (i32.const 0) func $own $f)))";
  EXPECT_EQ(refusal(R"((module (import "o" "f" (func $f)) (table 1 funcref) (elem (i32.const 0) $f)))", {true}),
            "tables=retained: none of the module's 1 tables can be kept; table 0: an entry is function 0, which is "
            "another instance's");
  const auto prepared = Prepared::make(module_of(kLinks), parse_strategy("pool-lazy,tables=proven"),
                                       {nullptr, nullptr, {true, false}});
  EXPECT_TRUE(prepared->table(0).retained) << "the host's function is the slot's own";
  EXPECT_FALSE(prepared->table(1).retained);
}

// tables=proven takes every module, and is lazy for what is not proven.
TEST(RetainedTables, ProvenIsLazyElsewhere) {
  for (const char* strategy : {"best", "pool-lazy,tables=proven"}) {
    PoolWith plain(R"((module (table (export "t") 40 funcref) (func) (elem (i32.const 1) 0)))",
                   parse_strategy(strategy), 1);
    for (int round = 0; round < 2; ++round) {
      Lease lease(plain.pool, *plain.tenant);
      EXPECT_EQ(lease.path().tables, TablePath::lazy);
      EXPECT_FALSE(lease->vmctx().table(0).entries[1].initialised());
      EXPECT_EQ(functions(lease.instance(), 0)[1], 0u);
    }
    PoolWith bare(kBare, parse_strategy(strategy), 1);
    const Lease lease(bare.pool, *bare.tenant);
    EXPECT_EQ(lease.path().tables, TablePath::none);
  }
  const auto skipped = load(assemble_wat(kLong, "t.wat"), "t.wat", Bodies::skip);
  EXPECT_FALSE(Prepared::make(skipped, parse_strategy("best"))->retains_tables());
  EXPECT_THROW(Prepared::make(skipped, parse_strategy("best,tables=retained")), Unsupported);
  EXPECT_FALSE(Prepared::make(module_of(kLong), parse_strategy("best,affinity=off"))->retains_tables());
}

// A table that is looked at in each instance is faulted in for each of them, unless it stays.
TEST(RetainedTables, ALookedAtTablesPagesAreNotFaultedInAgain) {
  const auto faults_of_last = [](const char* strategy) {
    PoolWith one(kHuge, parse_strategy(strategy), 1);
    uint64_t faults = 0;
    for (int round = 0; round < 3; ++round) {
      const uint64_t before = os::process_faults();
      Lease lease(one.pool, *one.tenant);
      for (uint64_t i = 0; i < 1500; ++i) lease->take(0, i);
      faults = os::process_faults() - before;
    }
    return faults;
  };
  EXPECT_EQ(faults_of_last("pool-lazy,tables=retained"), 0u);
  EXPECT_GE(faults_of_last("pool-lazy"), 9u);  // 36,000 bytes
}

// tables=precomputed: what ref_to computes for each entry, in every byte, and each entry written once.
void expect_as_computed(const Instance& instance, size_t table) {
  const TablePlan& plan = instance.prepared().table(table);
  for (uint64_t i = 0; i < plan.size; ++i) {
    const FuncRef there = instance.vmctx().table(table).entries[i];
    const FuncRef computed =
        instance.prepared().ref_to(i < plan.image.size() ? plan.image[i] : kNoFunction, instance.vmctx().base());
    EXPECT_EQ(std::tie(there.type, there.code, there.environment),
              std::tie(computed.type, computed.code, computed.environment))
        << "table " << table << " entry " << i;
  }
}

TEST(PrecomputedTables, AreByteForByteWhatIsComputed) {
  for (const char* wat : {kRich, kLong, kHuge, kMixed}) {
    for (const char* strategy : {"pool", "pool,table-reset=refill", "pool,reset=copy", "overlay"}) {
      PoolWith one(wat, parse_strategy(std::string(strategy) + ",tables=precomputed"), 1);
      for (int round = 0; round < 3; ++round) {
        const os::Counters before = os::counters();
        Lease lease(one.pool, *one.tenant);
        const uint64_t written = (os::counters() - before).table_entries;
        EXPECT_EQ(lease.path().tables, TablePath::precomputed);
        uint64_t entries = 0;
        for (size_t table = 0; table < lease->prepared().table_count(); ++table) {
          expect_as_computed(lease.instance(), table);
          entries += lease->table_size(table);
          write_all_entries(lease.instance(), table, 0);
        }
        EXPECT_EQ(written, entries);
      }
    }
  }
}

// An entry that is another instance's function is looked up each time: the next instance may be linked to another one.
class TablesOfCode : public EveryKind {};
INSTANTIATE_TEST_SUITE_P(Kinds, TablesOfCode, testing::ValuesIn(kKinds), name_of_kind);

TEST_P(TablesOfCode, PrecomputedEntriesOfLinkedFunctionsFollowTheLink) {
  Kind kind = GetParam();
  const std::string text = std::string(kind.strategy) + ",tables=precomputed";
  kind.strategy = text.c_str();
  const auto one = prepare(R"((module (func (export "f") (result i32) (i32.const 1))))", kind);
  const auto two = prepare(R"((module (func (export "f") (result i32) (i32.const 2))))", kind);
  const auto user = prepare(R"((module (import "o" "f" (func $f (result i32))) (table 5 funcref)
    (type $v (func (result i32))) (func $own (result i32) (i32.const 7)) (elem (i32.const 1) $own $f)
    (func (export "call") (param i32) (result i32) (call_indirect (type $v) (local.get 0)))))",
                            kind, nullptr, {true});
  SlotGeometry geometry;
  for (const auto& prepared : {one, two, user}) geometry = SlotGeometry::covering(geometry, *prepared);
  Pool pool(one->strategy(), geometry, 3);
  const Tenant &a = pool.admit(one), &b = pool.admit(two), &u = pool.admit(user);
  for (int round = 0; round < 4; ++round) {
    Lease giver(pool, round % 2 == 0 ? a : b);
    Lease lease(pool, u, {find_export(giver.instance(), "f")});
    uint32_t result = 0;
    EXPECT_EQ(call(lease.instance(), "call", {2}, &result), Trap::none);
    EXPECT_EQ(result, round % 2 == 0 ? 1u : 2u);
    EXPECT_EQ(call(lease.instance(), "call", {1}, &result), Trap::none);
    EXPECT_EQ(result, 7u);
    EXPECT_EQ(call(lease.instance(), "call", {0}), Trap::uninitialized_element);
    EXPECT_EQ(call(lease.instance(), "call", {4}), Trap::uninitialized_element);
  }
}

// Code calls through what earlier instances made, and makes the rest; the same module loaded again has code of its own.
TEST_P(TablesOfCode, RetainedEntriesAreCalledAndNeverMixedUp) {
  Kind kind = GetParam();
  const bool fresh = parse_strategy(kind.strategy).alloc == Alloc::fresh;  // nothing is retained there
  const std::string text = std::string(fresh ? "pool-lazy" : kind.strategy) + ",tables=retained";
  kind.strategy = text.c_str();
  constexpr const char* kCalls = R"((module (memory 1) (data (i32.const 0) "same") (table 200 funcref)
    (type $v (func (result i32))) (func $f (result i32) (i32.load8_u (i32.const 1)))
    (func $g (result i32) (i32.const 5)) (elem (i32.const 0) $f $g $f)
    (func (export "call") (param i32) (result i32) (call_indirect (type $v) (local.get 0)))))";
  const auto first = prepare(kCalls, kind);
  const std::vector<std::byte> bytes = assemble_wat(kCalls, "test.wat");
  CodegenOptions options;
  options.compiler = kind.compiler;
  options.bounds = first->code()->bounds();
  const std::shared_ptr<const Module> module = load(bytes, "again.wat", Bodies::validate);
  const auto again = Prepared::make(module, first->strategy(), {make_code(module, bytes, options), nullptr, {}});
  Pool pool(first->strategy(), SlotGeometry::covering({}, *first), 1);
  const Tenant &one = pool.admit(first), &two = pool.admit(again);
  const Tenant* last = nullptr;
  for (const Tenant* tenant : {&one, &one, &two, &one, &two, &two}) {
    const uint64_t before = os::counters().table_entries;
    Lease lease(pool, *tenant);
    uint32_t result = 0;
    EXPECT_EQ(call(lease.instance(), "call", {1}, &result), Trap::none);
    EXPECT_EQ(result, 5u);
    EXPECT_EQ(call(lease.instance(), "call", {2}, &result), Trap::none);
    EXPECT_EQ(result, uint32_t{'a'});
    EXPECT_EQ(call(lease.instance(), "call", {9}), Trap::uninitialized_element);
    EXPECT_EQ(os::counters().table_entries - before, tenant == last ? 0u : 3u);
    const os::Range code = tenant->prepared().code()->text();
    const auto* at = reinterpret_cast<const std::byte*>(lease->take(0, 1).code);
    EXPECT_TRUE(at >= code.base && at < code.end());
    last = tenant;
  }
}

}  // namespace
}  // namespace instbench
