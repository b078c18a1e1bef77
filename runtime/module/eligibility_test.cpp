// Every obstacle, and what of a module can be an image in spite of it.
#include "runtime/module/eligibility.hpp"

#include <gtest/gtest.h>

#include "runtime/module/test_bytes.hpp"

namespace instbench {
namespace {

Eligibility examine_wat(const std::string& text) { return examine(*test::load_wat(text)); }

const SegmentVerdict& only_verdict(const std::vector<SegmentVerdict>& obstacles) {
  EXPECT_EQ(obstacles.size(), 1U);
  static const SegmentVerdict kNone;
  return obstacles.empty() ? kNone : obstacles[0];
}

using Flags = std::vector<bool>;

TEST(Eligibility, ObstaclesHaveNames) {
  EXPECT_EQ(name_of(Obstacle::none), "none");
  EXPECT_EQ(name_of(Obstacle::dynamic_offset), "dynamic offset");
  EXPECT_EQ(name_of(Obstacle::out_of_bounds), "out of bounds");
  EXPECT_EQ(name_of(Obstacle::imported), "imported");
  EXPECT_EQ(name_of(Obstacle::passive), "passive");
  EXPECT_EQ(name_of(Obstacle::declared), "declared");
  EXPECT_EQ(name_of(Obstacle::expression_entry), "expression entry");
  EXPECT_EQ(name_of(Obstacle::foreign_reference), "foreign reference");
  EXPECT_EQ(name_of(Obstacle::shared_memory), "shared memory");
}

TEST(Eligibility, NothingToInitialise) {
  const auto e = examine_wat("(module)");
  EXPECT_TRUE(e.memories.empty());
  EXPECT_TRUE(e.tables.empty());
  EXPECT_FALSE(e.always_traps);
  const auto bare = examine_wat("(module (memory 1) (table 3 funcref))");
  EXPECT_TRUE(bare.memories[0].static_image);
  EXPECT_EQ(bare.memories[0].image_bytes, 0U);
  EXPECT_EQ(bare.memories[0].touched_pages, 0U);
  EXPECT_TRUE(bare.tables[0].static_image);
  EXPECT_TRUE(bare.tables[0].lazy);
}

// Memories.

TEST(MemoryEligibility, StaticSegments) {
  const auto e = examine_wat(R"((module (memory 2)
    (data (i32.const 0x1000) "abc") (data (i32.const 0x1ffe) "\00\01\02\03") (data (i32.const 0x10) "\00\00")))");
  const MemoryEligibility& memory = e.memories[0];
  EXPECT_TRUE(memory.static_image);
  EXPECT_FALSE(memory.made_by_host);
  EXPECT_EQ(memory.segments_in_image, 3U);
  EXPECT_EQ(memory.segments_leftover, 0U);
  EXPECT_EQ(memory.image_bytes, 9U);
  EXPECT_EQ(memory.span_begin, 0x10U);
  EXPECT_EQ(memory.span_end, 0x2002U);
  EXPECT_EQ(memory.touched_pages, 2U) << "zeroes on page 0 touch nothing";
  EXPECT_GT(memory.eager_cost_ns, 0);
  EXPECT_TRUE(memory.obstacles.empty());
  EXPECT_EQ(e.data_in_image, (Flags{true, true, true}));
}

TEST(MemoryEligibility, FillingTheMemoryToItsLastByteIsInBounds) {
  const auto e = examine_wat(R"((module (memory 1) (data (i32.const 0xffff) "a") (data (i32.const 0x10000) "")))");
  EXPECT_TRUE(e.memories[0].static_image);
  EXPECT_FALSE(e.always_traps);
}

TEST(MemoryEligibility, DynamicOffsetsKeepOnlyThemselvesOut) {
  const auto e = examine_wat(R"((module (import "m" "g" (global i32)) (memory 1)
    (data (i32.const 0) "a") (data (global.get 0) "bcd") (data (i32.const 1) "e")
    (data (offset (i32.add (global.get 0) (i32.const 4))) "f")))");
  const MemoryEligibility& memory = e.memories[0];
  EXPECT_FALSE(memory.static_image);
  EXPECT_EQ(memory.segments_in_image, 2U);
  EXPECT_EQ(memory.segments_leftover, 2U);
  EXPECT_EQ(memory.image_bytes, 2U);
  EXPECT_EQ(e.data_in_image, (Flags{true, false, true, false}));
  ASSERT_EQ(memory.obstacles.size(), 2U);
  EXPECT_EQ(memory.obstacles[0].segment, 1U);
  EXPECT_FALSE(memory.obstacles[0].in_image);
  EXPECT_EQ(memory.obstacles[0].obstacle, Obstacle::dynamic_offset);
  EXPECT_EQ(memory.obstacles[0].reason, "data segment 1 starts where global 0 says, known only at instantiation");
  EXPECT_DOUBLE_EQ(memory.leftover_cost_ns, memory.obstacles[0].cost_ns + memory.obstacles[1].cost_ns);
  EXPECT_GT(memory.obstacles[0].cost_ns, memory.obstacles[1].cost_ns) << "three bytes against one";
  EXPECT_EQ(memory.obstacles[1].reason,
            "data segment 3 starts where an expression of several instructions says, computed at instantiation");
  EXPECT_FALSE(e.always_traps);
}

TEST(MemoryEligibility, OutOfBoundsTrapsAndStopsWhatFollows) {
  const auto e = examine_wat(R"((module (memory 1) (memory 1)
    (data (i32.const 0) "a") (data (i32.const 0x10000) "bcde") (data (i32.const 0) "f")
    (data (memory 1) (i32.const 0) "g")))");
  EXPECT_EQ(e.always_traps, "data segment 1 writes [0x10000, 0x10004) past the end of memory 0 (1 page)");
  EXPECT_EQ(e.data_in_image, (Flags{true, false, false, false}));
  const MemoryEligibility& memory = e.memories[0];
  EXPECT_EQ(memory.segments_in_image, 1U);
  EXPECT_EQ(memory.segments_leftover, 2U);
  EXPECT_EQ(memory.touched_pages, 1U);
  ASSERT_EQ(memory.obstacles.size(), 2U);
  EXPECT_EQ(memory.obstacles[0].obstacle, Obstacle::out_of_bounds);
  EXPECT_EQ(memory.obstacles[0].reason, *e.always_traps);
  EXPECT_EQ(memory.obstacles[1].reason, "data segment 2 is never applied: " + *e.always_traps);
  EXPECT_EQ(e.memories[1].segments_leftover, 1U);
  EXPECT_EQ(e.memories[1].touched_pages, 0U);
}

TEST(MemoryEligibility, TrapsBehindADynamicSegmentAreStillCertain) {
  const auto e = examine_wat(R"((module (import "m" "g" (global i32)) (memory 3)
    (data (global.get 0) "a") (data (i32.const 1) "b") (data (i32.const -1) "cd")))");
  EXPECT_EQ(e.always_traps, "data segment 2 writes [0xffffffff, 0x100000001) past the end of memory 0 (3 pages)");
  EXPECT_EQ(e.data_in_image, (Flags{false, true, false}));
}

TEST(MemoryEligibility, EmptySegmentsOutOfBoundsTrapToo) {
  const auto e = examine_wat(R"((module (memory 0) (data (i32.const 0) "") (data (i32.const 1) "")))");
  EXPECT_EQ(e.always_traps, "data segment 1 is empty, but starts at 0x1, past the end of memory 0 (0 pages)");
  EXPECT_EQ(e.data_in_image, (Flags{true, false}));
}

TEST(MemoryEligibility, ImportedMemoryIsStaticWhileItIsFresh) {
  const auto e = examine_wat(R"((module (import "m" "m" (memory 2))
    (data (i32.const 5) "abc") (data (i32.const 9) "d")))");
  const MemoryEligibility& memory = e.memories[0];
  EXPECT_TRUE(memory.made_by_host);
  EXPECT_TRUE(memory.static_image);
  EXPECT_EQ(memory.segments_in_image, 2U);
  const SegmentVerdict& verdict = only_verdict(memory.obstacles);
  EXPECT_EQ(verdict.obstacle, Obstacle::imported);
  EXPECT_TRUE(verdict.in_image);
  EXPECT_EQ(verdict.segment, 0U);
  EXPECT_NE(verdict.reason.find("imported memory 0 (2 pages at least)"), std::string::npos) << verdict.reason;
  EXPECT_NE(verdict.reason.find("the host's may be larger"), std::string::npos) << verdict.reason;
}

TEST(MemoryEligibility, PastTheMinimumOfAnImportedMemoryNeedNotTrap) {
  const auto e = examine_wat(R"((module (import "m" "m" (memory 1))
    (data (i32.const 0x10000) "a") (data (i32.const 0) "b")))");
  EXPECT_FALSE(e.always_traps);
  EXPECT_EQ(e.data_in_image, (Flags{false, true}));
  EXPECT_FALSE(e.memories[0].static_image);
  ASSERT_EQ(e.memories[0].obstacles.size(), 2U);
  EXPECT_EQ(e.memories[0].obstacles[0].obstacle, Obstacle::out_of_bounds);
  EXPECT_EQ(e.memories[0].obstacles[0].reason,
            "data segment 0 writes [0x10000, 0x10001) past the end of imported memory 0 (1 page at least); the host's "
            "may be larger");
}

TEST(MemoryEligibility, OneMemoryImportedTwice) {
  const auto e = examine_wat(R"((module (import "m" "m" (memory 1)) (import "m" "n" (memory 1))
    (import "m" "m" (memory 1))
    (data (i32.const 0) "a") (data (memory 1) (i32.const 0) "b") (data (memory 2) (i32.const 0) "c")))");
  EXPECT_EQ(e.data_in_image, (Flags{false, true, false}));
  EXPECT_EQ(only_verdict(e.memories[0].obstacles).reason,
            "data segment 0 fills imported memory 0 (1 page at least), which is imported twice, also as number 2");
  EXPECT_EQ(only_verdict(e.memories[2].obstacles).obstacle, Obstacle::imported);
  EXPECT_TRUE(e.memories[1].static_image);
}

TEST(MemoryEligibility, PassiveSegmentsDoNotDisqualify) {
  std::string text = R"((module (import "m" "g" (global i32)) (memory 1) (data (i32.const 0) "x"))";
  for (int i = 0; i < 3000; ++i) text += "(data \"\")";
  const auto e = examine_wat(text + "(data (global.get 0) \"y\"))");
  const MemoryEligibility& memory = e.memories[0];
  EXPECT_EQ(memory.segments_in_image, 1U);
  EXPECT_EQ(memory.segments_passive, 3000U);
  EXPECT_EQ(memory.segments_leftover, 1U);
  EXPECT_EQ(memory.obstacles_total, 2U);
  ASSERT_EQ(memory.obstacles.size(), 2U);
  EXPECT_EQ(memory.obstacles[0].obstacle, Obstacle::dynamic_offset) << "before the passive ones";
  EXPECT_EQ(memory.obstacles[1].obstacle, Obstacle::passive);
  EXPECT_EQ(memory.obstacles[1].segment, 1U);
  EXPECT_EQ(memory.obstacles[1].reason,
            "data segment 1 is passive: memory.init copies it, if ever (the first of 3000)");
  EXPECT_EQ(memory.obstacles[1].cost_ns, 0);

  const auto only_passive = examine_wat("(module (memory 1) (data \"abc\"))");
  EXPECT_TRUE(only_passive.memories[0].static_image);
  EXPECT_EQ(only_passive.memories[0].image_bytes, 0U);
}

TEST(MemoryEligibility, SharedMemoryHasNoImageButIsReported) {
  const auto e = examine_wat(R"((module (memory 1 1 shared) (data (i32.const 4096) "abc")))");
  const MemoryEligibility& memory = e.memories[0];
  EXPECT_FALSE(memory.static_image);
  EXPECT_EQ(memory.segments_leftover, 1U);
  EXPECT_EQ(memory.touched_pages, 1U);
  EXPECT_EQ(e.data_in_image, (Flags{false}));
  const SegmentVerdict& verdict = only_verdict(memory.obstacles);
  EXPECT_EQ(verdict.obstacle, Obstacle::shared_memory);
  EXPECT_EQ(verdict.reason, "data segment 0 fills memory 0 (1 page), which is shared: no private copies of its pages");
}

TEST(MemoryEligibility, Memory64) {
  const auto e = examine_wat(R"((module (memory i64 65537)
    (data (i64.const 0x100000000) "ab") (data (i64.const -1) "cd")))");
  EXPECT_EQ(e.data_in_image, (Flags{true, false}));
  EXPECT_EQ(e.memories[0].span_begin, 0x100000000U);
  EXPECT_EQ(e.memories[0].span_end, 0x100000002U);
  EXPECT_EQ(e.always_traps,
            "data segment 1 writes 2 from 0xffffffffffffffff on, past the end of memory 0 (65537 pages)");
}

TEST(MemoryEligibility, TheLargestMemory64) {
  const auto e = examine_wat(R"((module (memory i64 0x1000000000000) (data (i64.const 0xfffffffffffffff0) "ab")))");
  EXPECT_TRUE(e.memories[0].static_image);
  EXPECT_EQ(e.memories[0].touched_pages, 1U);
}

TEST(MemoryEligibility, ManyObstaclesAreCountedAndTheFirstListed) {
  std::string text = "(module (import \"m\" \"g\" (global i32)) (memory 1)";
  for (int i = 0; i < 100; ++i) text += "(data (global.get 0) \"y\")";
  const auto e = examine_wat(text + ")");
  EXPECT_EQ(e.memories[0].obstacles_total, 100U);
  ASSERT_EQ(e.memories[0].obstacles.size(), Eligibility::kMaxListed);
  EXPECT_EQ(e.memories[0].obstacles[15].segment, 15U);
}

// Tables.

TEST(TableEligibility, StaticSegments) {
  const auto e = examine_wat(R"((module (import "m" "f" (func $f)) (table 1000 funcref) (func $g)
    (elem (i32.const 1) $f $g $f) (elem (i32.const 10) funcref (ref.func $g) (ref.null func))))");
  const TableEligibility& table = e.tables[0];
  EXPECT_TRUE(table.lazy);
  EXPECT_TRUE(table.static_image);
  EXPECT_FALSE(table.made_by_host);
  EXPECT_FALSE(table.written_by_host_possible);
  EXPECT_EQ(table.entries_initialised, 5U);
  EXPECT_EQ(table.entries_imported_functions, 2U);
  EXPECT_TRUE(table.obstacles.empty());
  EXPECT_EQ(e.elem_in_image, (Flags{true, true}));
}

TEST(TableEligibility, CostGrowsWithTheEntries) {
  const auto few = examine_wat("(module (table 9 funcref) (func $g) (elem (i32.const 1) $g))");
  const auto more = examine_wat("(module (table 9 funcref) (func $g) (elem (i32.const 1) $g $g $g))");
  EXPECT_LT(few.tables[0].eager_cost_ns, more.tables[0].eager_cost_ns);
}

TEST(TableEligibility, WhoCanWriteIt) {
  const auto e = examine_wat(R"((module (import "m" "t" (table 1 funcref)) (table $a 1 funcref) (table 1 funcref)
    (export "a" (table $a))))");
  EXPECT_TRUE(e.tables[0].made_by_host);
  EXPECT_TRUE(e.tables[0].written_by_host_possible);
  EXPECT_FALSE(e.tables[1].made_by_host);
  EXPECT_TRUE(e.tables[1].written_by_host_possible);
  EXPECT_FALSE(e.tables[2].written_by_host_possible);
}

TEST(TableEligibility, DynamicOffset) {
  const auto e = examine_wat(R"((module (import "m" "g" (global i32)) (table 9 funcref) (func $f)
    (elem (i32.const 0) $f) (elem (global.get 0) $f) (elem (i32.const 1) $f)))");
  EXPECT_FALSE(e.tables[0].lazy);
  EXPECT_FALSE(e.tables[0].static_image);
  EXPECT_EQ(e.elem_in_image, (Flags{true, false, true}));
  EXPECT_EQ(only_verdict(e.tables[0].obstacles).obstacle, Obstacle::dynamic_offset);
  EXPECT_EQ(e.tables[0].obstacles[0].reason,
            "element segment 1 starts where global 0 says, known only at instantiation");
}

TEST(TableEligibility, ExpressionEntriesKeepOnlyTheirSegmentOut) {
  const auto e = examine_wat(R"((module (import "m" "g" (global funcref)) (table 9 funcref) (func $f)
    (elem (i32.const 0) $f) (elem (i32.const 3) funcref (ref.func $f) (global.get 0))))");
  EXPECT_TRUE(e.tables[0].lazy);
  EXPECT_FALSE(e.tables[0].static_image);
  EXPECT_EQ(e.elem_in_image, (Flags{true, false}));
  EXPECT_EQ(e.tables[0].entries_initialised, 1U);
  EXPECT_EQ(only_verdict(e.tables[0].obstacles).obstacle, Obstacle::expression_entry);
  EXPECT_EQ(e.tables[0].obstacles[0].reason, "element segment 1: its entry 1 is the value of global 0");
}

TEST(TableEligibility, OutOfBoundsTrapsBeforeAnyData) {
  const auto e = examine_wat(R"((module (memory 1) (table 2 funcref) (func $f)
    (elem (i32.const 0) $f) (elem (i32.const 1) $f $f) (elem (i32.const 0) $f)
    (data (i32.const 0) "a") (data (i32.const 0x20000) "b")))");
  EXPECT_EQ(e.always_traps, "element segment 1 writes [0x1, 0x3) past the end of table 0 (2 entries)");
  EXPECT_EQ(e.elem_in_image, (Flags{true, false, false}));
  EXPECT_EQ(e.data_in_image, (Flags{false, false}));
  EXPECT_EQ(e.memories[0].obstacles[0].reason, "data segment 0 is never applied: " + *e.always_traps);
  EXPECT_FALSE(e.tables[0].lazy);
  EXPECT_EQ(e.tables[0].entries_initialised, 1U);
}

TEST(TableEligibility, EmptySegmentsOutOfBoundsTrapToo) {
  const auto e = examine_wat("(module (table 2 funcref) (elem (i32.const 2)) (elem (i32.const 3)))");
  EXPECT_EQ(e.always_traps, "element segment 1 is empty, but starts at 0x3, past the end of table 0 (2 entries)");
}

TEST(TableEligibility, ImportedTables) {
  const auto e = examine_wat(R"((module (import "m" "t" (table 2 funcref)) (import "m" "u" (table 2 funcref)) (func $f)
    (elem (table 0) (i32.const 0) func $f) (elem (table 0) (i32.const 1) func $f)
    (elem (table 1) (i32.const 0) func $f) (elem (table 1) (i32.const 2) func $f)))");
  EXPECT_FALSE(e.always_traps);
  EXPECT_TRUE(e.tables[0].lazy);
  EXPECT_TRUE(e.tables[0].static_image);
  EXPECT_EQ(only_verdict(e.tables[0].obstacles).obstacle, Obstacle::imported);
  EXPECT_TRUE(e.tables[0].obstacles[0].in_image);
  EXPECT_EQ(e.elem_in_image, (Flags{true, true, true, false}));
  ASSERT_EQ(e.tables[1].obstacles.size(), 2U);
  EXPECT_EQ(e.tables[1].obstacles[0].obstacle, Obstacle::imported);
  EXPECT_EQ(e.tables[1].obstacles[1].reason,
            "element segment 3 writes [0x2, 0x3) past the end of imported table 1 (2 entries at least); the host's may "
            "be larger");
}

TEST(TableEligibility, OneTableImportedTwice) {
  const auto e = examine_wat(R"((module (import "m" "t" (table 2 funcref)) (import "m" "t" (table 1 funcref)) (func $f)
    (elem (table 0) (i32.const 0) func $f) (elem (table 1) (i32.const 0) func $f)))");
  EXPECT_EQ(e.elem_in_image, (Flags{false, false}));
  EXPECT_FALSE(e.tables[0].lazy);
  EXPECT_EQ(only_verdict(e.tables[1].obstacles).obstacle, Obstacle::imported);
}

TEST(TableEligibility, ExternrefTablesHoldTheHostsReferences) {
  const auto e = examine_wat(R"((module (table 3 externref) (elem (i32.const 0) externref (ref.null extern))))");
  EXPECT_FALSE(e.tables[0].lazy);
  EXPECT_FALSE(e.tables[0].static_image);
  EXPECT_EQ(only_verdict(e.tables[0].obstacles).obstacle, Obstacle::foreign_reference);
  EXPECT_EQ(e.tables[0].obstacles[0].reason,
            "element segment 0 fills table 0 (3 entries) of externref, the host's own references");
}

TEST(TableEligibility, PassiveAndDeclaredSegmentsCostNothing) {
  const auto e = examine_wat(R"((module (table 3 funcref) (func $f)
    (elem func $f) (elem declare func $f) (elem (i32.const 0) $f)))");
  EXPECT_TRUE(e.tables[0].static_image);
  EXPECT_EQ(e.elem_in_image, (Flags{false, false, true}));
  ASSERT_EQ(e.tables[0].obstacles.size(), 2U);
  EXPECT_EQ(e.tables[0].obstacles[0].obstacle, Obstacle::passive);
  EXPECT_EQ(e.tables[0].obstacles[0].reason, "element segment 0 is passive: table.init copies it, if ever");
  EXPECT_EQ(e.tables[0].obstacles[1].obstacle, Obstacle::declared);
  EXPECT_EQ(e.tables[0].obstacles[1].reason, "element segment 1 is declared: it permits ref.func and writes nothing");
  EXPECT_EQ(e.tables[0].obstacles[1].cost_ns, 0);
}

TEST(TableEligibility, ComputedEntriesOfAModuleMadeByHand) {
  Module module;
  module.tables.push_back(Table{ValType::funcref, Limits{4, std::nullopt}, false});
  ElemSegment segment;
  segment.entries = {ElemEntry{ElemEntry::Kind::null, 0}, ElemEntry{ElemEntry::Kind::extended, 0}};
  module.elem_segments.push_back(segment);
  EXPECT_EQ(only_verdict(examine(module).tables[0].obstacles).reason,
            "element segment 0: its entry 1 is computed by an expression");
}

}  // namespace
}  // namespace instbench
