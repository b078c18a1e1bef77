// What load() says a module is: facts of every kind, in both modes, and the oddities of real modules.
#include "runtime/module/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/module/sha256.hpp"
#include "runtime/module/test_bytes.hpp"

namespace instbench {
namespace {

using test::load_wat;
using Kind = ConstExpr::Kind;

// Every field of a Module but its name and size.
void expect_same_facts(const Module& a, const Module& b) {
  const auto same_expr = [](const ConstExpr& x, const ConstExpr& y) {
    return x.kind == y.kind && x.type == y.type && x.index == y.index && x.bits == y.bits && x.bits_high == y.bits_high;
  };
  const auto all = [](const auto& x, const auto& y, auto same) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), same);
  };
  EXPECT_EQ(a.sha256, b.sha256);
  EXPECT_EQ(a.byte_size, b.byte_size);
  EXPECT_EQ(a.types, b.types);
  EXPECT_TRUE(all(a.imports, b.imports, [](const Import& x, const Import& y) {
    return x.module == y.module && x.name == y.name && x.kind == y.kind && x.index == y.index;
  }));
  EXPECT_TRUE(all(a.functions, b.functions,
                  [](const Function& x, const Function& y) { return x.type == y.type && x.imported == y.imported; }));
  EXPECT_TRUE(all(a.tables, b.tables, [](const Table& x, const Table& y) {
    return x.element == y.element && x.limits == y.limits && x.imported == y.imported;
  }));
  EXPECT_TRUE(all(a.memories, b.memories, [](const Memory& x, const Memory& y) {
    return x.limits == y.limits && x.imported == y.imported && x.shared == y.shared && x.is_64 == y.is_64;
  }));
  EXPECT_TRUE(all(a.globals, b.globals, [&](const Global& x, const Global& y) {
    return x.type == y.type && x.is_mutable == y.is_mutable && x.imported == y.imported && same_expr(x.init, y.init);
  }));
  EXPECT_TRUE(all(a.exports, b.exports, [](const Export& x, const Export& y) {
    return x.name == y.name && x.kind == y.kind && x.index == y.index;
  }));
  EXPECT_TRUE(all(a.data_segments, b.data_segments, [&](const DataSegment& x, const DataSegment& y) {
    return x.mode == y.mode && x.memory == y.memory && same_expr(x.offset, y.offset) && x.begin == y.begin &&
           x.size == y.size;
  }));
  EXPECT_TRUE(all(a.elem_segments, b.elem_segments, [&](const ElemSegment& x, const ElemSegment& y) {
    return x.mode == y.mode && x.table == y.table && same_expr(x.offset, y.offset) && x.type == y.type &&
           x.expressions == y.expressions && all(x.entries, y.entries, [](const ElemEntry& p, const ElemEntry& q) {
             return p.kind == q.kind && p.index == q.index;
           });
  }));
  EXPECT_EQ(a.data_bytes, b.data_bytes);
  EXPECT_EQ(a.start, b.start);
  EXPECT_EQ(a.tag_count, b.tag_count);
}

constexpr const char* kEverything = R"((module
  (type $binary (func (param i32 i64) (result f32)))
  (import "env" "f" (func $f (type $binary)))
  (import "env" "t" (table 1 4 externref))
  (import "env" "m" (memory 2))
  (import "env" "g" (global $g i32))
  (import "env" "e" (tag (param i32)))
  (table $own 10 10 funcref)
  (global $a (mut i64) (i64.const -2))
  (global $b f32 (f32.const 1))
  (global $c f64 (f64.const 1))
  (global $d v128 (v128.const i64x2 3 4))
  (global $e i32 (global.get $g))
  (global $h funcref (ref.func $start))
  (global $i externref (ref.null extern))
  (global $j i32 (i32.add (i32.const 1) (i32.const 2)))
  (tag $own_tag (param i64))
  (export "a" (func $start))
  (export "b" (table $own))
  (export "c" (memory 0))
  (export "d" (global $b))
  (export "e" (tag $own_tag))
  (start $start)
  (elem (table $own) (i32.const 3) func $f $start)
  (elem func $f)
  (elem declare func $start)
  (elem (table $own) (offset (global.get $g)) funcref (ref.func $f) (ref.null func))
  (data (i32.const 70000) "abc")
  (data "de")
  (data (offset (global.get $g)) "f")
  (func $start (local i32 i64) (drop (i32.load8_u (i32.const 5))) (block (loop (br_if 1 (i32.const 1))))
    (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 0)))
))";

TEST(Load, ReadsEveryKindOfFact) {
  const auto wasm = assemble_wat(kEverything, "test.wat");
  const auto module = load(wasm, "test.wasm", Bodies::validate);
  EXPECT_EQ(module->sha256, sha256_hex(wasm));
  EXPECT_EQ(module->byte_size, wasm.size());
  ASSERT_EQ(module->types.size(), 4U);
  EXPECT_EQ(module->types[0], (FuncType{{ValType::i32, ValType::i64}, {ValType::f32}}));

  ASSERT_EQ(module->imports.size(), 5U);
  EXPECT_EQ(module->imports[1].module, "env");
  EXPECT_EQ(module->imports[1].name, "t");
  EXPECT_EQ(module->imports[1].kind, ExternKind::table);
  EXPECT_EQ(module->imports[4].kind, ExternKind::tag);
  EXPECT_EQ(module->tag_count, 2U);

  ASSERT_EQ(module->functions.size(), 2U);
  EXPECT_TRUE(module->functions[0].imported);
  EXPECT_FALSE(module->functions[1].imported);
  EXPECT_EQ(module->start, 1U);

  ASSERT_EQ(module->tables.size(), 2U);
  EXPECT_EQ(module->tables[0].element, ValType::externref);
  EXPECT_TRUE(module->tables[0].imported);
  EXPECT_EQ(module->tables[1].limits, (Limits{10, 10}));
  ASSERT_EQ(module->memories.size(), 1U);
  EXPECT_TRUE(module->memories[0].imported);
  EXPECT_EQ(module->memories[0].limits, (Limits{2, std::nullopt}));

  ASSERT_EQ(module->exports.size(), 5U);
  EXPECT_EQ(module->exports[1].name, "b");
  EXPECT_EQ(module->exports[1].kind, ExternKind::table);
  EXPECT_EQ(module->exports[1].index, 1U);
  EXPECT_EQ(module->exports[4].kind, ExternKind::tag);
  EXPECT_EQ(module->exports[4].index, 1U);
}

TEST(Load, ReadsGlobals) {
  const auto module = load_wat(kEverything);
  ASSERT_EQ(module->globals.size(), 9U);
  EXPECT_TRUE(module->globals[0].imported);
  EXPECT_TRUE(module->globals[1].is_mutable);
  EXPECT_FALSE(module->globals[2].is_mutable);
  const auto init = [&](size_t i) { return module->globals[i].init; };
  EXPECT_EQ(init(1).kind, Kind::i64_const);
  EXPECT_EQ(init(1).bits, static_cast<uint64_t>(-2));
  EXPECT_EQ(init(2).kind, Kind::f32_const);
  EXPECT_EQ(init(2).bits, 0x3f800000U);
  EXPECT_EQ(init(3).kind, Kind::f64_const);
  EXPECT_EQ(init(3).bits, 0x3ff0000000000000U);
  EXPECT_EQ(init(4).kind, Kind::v128_const);
  EXPECT_EQ(init(4).type, ValType::v128);
  EXPECT_EQ(init(4).bits, 3U);
  EXPECT_EQ(init(4).bits_high, 4U);
  EXPECT_EQ(init(5).kind, Kind::global_get);
  EXPECT_EQ(init(5).index, 0U);
  EXPECT_EQ(init(6).kind, Kind::ref_func);
  EXPECT_EQ(init(6).index, 1U);
  EXPECT_EQ(init(7).kind, Kind::ref_null);
  EXPECT_EQ(init(7).type, ValType::externref);
  EXPECT_EQ(init(8).kind, Kind::extended);
  EXPECT_EQ(init(8).type, ValType::i32);
}

TEST(Load, ReadsSegments) {
  const auto module = load_wat(kEverything);
  ASSERT_EQ(module->data_segments.size(), 3U);
  const auto text = [&](size_t i) {
    const auto data = module->data(module->data_segments[i]);
    return std::string(reinterpret_cast<const char*>(data.data()), data.size());
  };
  EXPECT_EQ(text(0), "abc");
  EXPECT_EQ(text(1), "de");
  EXPECT_EQ(text(2), "f");
  EXPECT_EQ(module->data_bytes.size(), 6U);
  EXPECT_EQ(module->data_segments[0].offset.bits, 70000U);
  EXPECT_EQ(module->data_segments[1].mode, SegmentMode::passive);
  EXPECT_EQ(module->data_segments[2].offset.kind, Kind::global_get);

  ASSERT_EQ(module->elem_segments.size(), 4U);
  const ElemSegment& first = module->elem_segments[0];
  EXPECT_EQ(first.mode, SegmentMode::active);
  EXPECT_EQ(first.table, 1U);
  EXPECT_EQ(first.offset.bits, 3U);
  EXPECT_FALSE(first.expressions);
  ASSERT_EQ(first.entries.size(), 2U);
  EXPECT_EQ(first.entries[1].index, 1U);
  EXPECT_EQ(module->elem_segments[1].mode, SegmentMode::passive);
  EXPECT_EQ(module->elem_segments[2].mode, SegmentMode::declared);
  const ElemSegment& last = module->elem_segments[3];
  EXPECT_TRUE(last.expressions);
  EXPECT_EQ(last.offset.kind, Kind::global_get);
  ASSERT_EQ(last.entries.size(), 2U);
  EXPECT_EQ(last.entries[0].kind, ElemEntry::Kind::function);
  EXPECT_EQ(last.entries[1].kind, ElemEntry::Kind::null);
}

TEST(Load, SkippingBodiesChangesNoFact) {
  const auto wasm = assemble_wat(kEverything, "test.wat");
  expect_same_facts(*load(wasm, "f", Bodies::validate), *load(wasm, "f", Bodies::skip));
}

TEST(Load, SkipStepsOverBodiesThatValidateRefuses) {
  // (func i32.add): valid in structure only.
  const auto wasm = test::module({test::section(1, test::bytes({1, 0x60, 0, 0})), test::section(3, test::bytes({1, 0})),
                                  test::section(10, test::bytes({1, 3, 0, 0x6a, 0x0b}))});
  EXPECT_EQ(test::refusal(wasm, Bodies::skip), "");
  EXPECT_NE(test::refusal(wasm, Bodies::validate), "");
}

TEST(Load, ElementEntriesMayReadGlobals) {
  const auto module = load_wat(R"((module
    (import "m" "g" (global funcref))
    (import "m" "x" (global externref))
    (table 4 funcref) (table $x 4 externref)
    (func $f)
    (elem (i32.const 0) funcref (ref.func $f) (global.get 0) (ref.null func))
    (elem (table $x) (i32.const 0) externref (global.get 1) (ref.null extern) (global.get 1))
    (elem funcref (global.get 0))
  ))");
  ASSERT_EQ(module->elem_segments.size(), 3U);
  const auto& first = module->elem_segments[0].entries;
  ASSERT_EQ(first.size(), 3U);
  EXPECT_EQ(first[0].kind, ElemEntry::Kind::function);
  EXPECT_EQ(first[1].kind, ElemEntry::Kind::global_get);
  EXPECT_EQ(first[2].kind, ElemEntry::Kind::null);
  const auto& second = module->elem_segments[1].entries;
  ASSERT_EQ(second.size(), 3U);
  EXPECT_EQ(second[0].index, 1U);
  EXPECT_EQ(second[1].kind, ElemEntry::Kind::null);
  EXPECT_EQ(second[2].kind, ElemEntry::Kind::global_get);
  EXPECT_EQ(module->elem_segments[2].entries[0].kind, ElemEntry::Kind::global_get);
}

TEST(Load, ElementEntriesWithLongGlobalIndices) {
  // The index of the global written over 1 to 5 bytes: all the same module.
  for (const auto& index : {test::bytes({0}), test::bytes({0x80, 0}), test::bytes({0x80, 0x80, 0}),
                            test::bytes({0x80, 0x80, 0x80, 0x80, 0})}) {
    const auto imports = test::join(
        {test::bytes({1, 1}), test::bytes("m"), test::bytes({1}), test::bytes("g"), test::bytes({3, 0x70, 0})});
    const auto elements = test::join({test::bytes({1, 4, 0x41, 0, 0x0b, 1, 0x23}), index, test::bytes({0x0b})});
    const auto wasm = test::module(
        {test::section(2, imports), test::section(4, test::bytes({1, 0x70, 0, 1})), test::section(9, elements)});
    ASSERT_EQ(test::refusal(wasm), "");
    const auto module = load(wasm, "f", Bodies::skip);
    EXPECT_EQ(module->elem_segments[0].entries[0].kind, ElemEntry::Kind::global_get);
    EXPECT_EQ(module->sha256, sha256_hex(wasm)) << "the name is that of the original bytes";
  }
}

TEST(Load, Memory64MultiMemoryAndThreads) {
  const auto module = load_wat(R"((module (memory i64 1 4) (memory 1 2 shared) (memory 3)
    (data (memory 0) (i64.const 0x100) "a") (data (memory 2) (i32.const 1) "b")))");
  ASSERT_EQ(module->memories.size(), 3U);
  EXPECT_TRUE(module->memories[0].is_64);
  EXPECT_TRUE(module->memories[1].shared);
  EXPECT_FALSE(module->memories[2].shared);
  EXPECT_EQ(module->data_segments[0].offset.kind, Kind::i64_const);
  EXPECT_EQ(module->data_segments[1].memory, 2U);
}

TEST(Load, BodiesOfEveryReadableFeature) {
  const auto module = load_wat(R"((module (memory 1 1 shared) (table 1 funcref) (tag $e (param i32))
    (type $v (func)) (func $f) (elem declare func $f) (data "x") (elem func $f)
    (func (param i32) (result v128) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
      (i32x4.splat (local.get 0)) (v128.load8_splat (i32.const 0))))
    (func (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
    (func (result i32) (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (func (drop (memory.atomic.notify (i32.const 0) (i32.const 1))) (atomic.fence))
    (func (return_call $f)) (func (return_call_indirect (type $v) (i32.const 0)))
    (func (try (do (throw $e (i32.const 1))) (catch $e drop) (catch_all)))
    (func (try (do (try (do (call $f)) (delegate 0))) (catch_all (rethrow 0))))
    (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop 0)
      (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))
    (func (table.init 1 (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop 1)
      (table.set 0 (i32.const 0) (ref.func $f)) (drop (table.grow 0 (ref.null func) (i32.const 1)))
      (table.fill 0 (i32.const 0) (table.get 0 (i32.const 0)) (table.size 0))
      (table.copy (i32.const 0) (i32.const 0) (i32.const 0)))
    (func (param i32) (result i32) (block (block (block (br_table 0 1 2 (local.get 0))))) (if (result i32)
      (ref.is_null (ref.null extern)) (then (i32.const 1)) (else (select (i32.const 1) (i32.const 2) (i32.const 0)))))
    (func (param f64) (result i32 i64) (i32.trunc_sat_f64_s (local.get 0)) (i64.extend8_s (i64.const 1)))
  ))");
  EXPECT_EQ(module->functions.size(), 13U);
}

// Oddities of real modules.

TEST(Load, ImportsWithDuplicateEmptyAndNumericNames) {
  const auto module = load_wat(R"((module (import "" "" (func)) (import "" "" (func)) (import "0" "1" (func))
    (import "a" "a" (func)) (import "a" "a" (memory 1))))");
  ASSERT_EQ(module->imports.size(), 5U);
  EXPECT_EQ(module->imports[1].name, "");
  EXPECT_EQ(module->imports[1].index, 1U);
  EXPECT_EQ(module->imports[2].module, "0");
  EXPECT_EQ(module->imports[4].kind, ExternKind::memory);
}

TEST(Load, LimitsFarAboveWhatIsUsed) {
  const auto module =
      load_wat("(module (memory 16384 16384) (table 10000000 funcref) (func $f) (elem (i32.const 1) $f))");
  EXPECT_EQ(module->memories[0].limits, (Limits{16384, 16384}));
  EXPECT_EQ(module->tables[0].limits, (Limits{10'000'000, std::nullopt}));
}

TEST(Load, ThousandsOfEmptyPassiveSegments) {
  std::string text = "(module (memory 1) (data (i32.const 0) \"x\")";
  for (int i = 0; i < 5000; ++i) text += "(data \"\")";
  const auto module = load_wat(text + ")");
  EXPECT_EQ(module->data_segments.size(), 5001U);
  EXPECT_EQ(module->data_segments[5000].mode, SegmentMode::passive);
  EXPECT_EQ(module->data_bytes.size(), 1U);
}

TEST(Load, ManyExportsAndGlobals) {
  std::string text = "(module (func $f)";
  for (int i = 0; i < 15'900; ++i) text += "(global i32 (i32.const " + std::to_string(i) + "))";
  for (int i = 0; i < 75'000; ++i) text += "(export \"" + std::to_string(i) + "\" (func $f))";
  const auto module = load_wat(text + ")");
  EXPECT_EQ(module->exports.size(), 75'000U);
  ASSERT_EQ(module->globals.size(), 15'900U);
  EXPECT_EQ(module->globals[15'899].init.bits, 15'899U);
}

TEST(Load, CustomSectionsMayHoldAnything) {
  const auto custom = [](std::string_view name) {
    return test::section(0, test::join({test::leb(name.size()), test::bytes(name), test::bytes({0xff, 0xff, 0xff})}));
  };
  const auto wasm = test::module({custom("name"), test::section(1, test::bytes({0})), custom("linking"),
                                  custom("dylink.0"), custom("reloc.CODE"), custom("target_features"),
                                  test::section(3, test::bytes({0})), custom("name")});
  EXPECT_EQ(test::refusal(wasm), "");
}

TEST(Load, TheEmptyModule) {
  const auto module = load(test::preamble(), "f", Bodies::validate);
  EXPECT_EQ(module->byte_size, 8U);
  EXPECT_TRUE(module->functions.empty());
  EXPECT_FALSE(module->start.has_value());
}

// 40,000 blocks inside one another and a local count of four thousand million: legal, and no crash.
TEST(Load, DeepBlocksAndManyLocals) {
  constexpr size_t kDepth = 40'000;
  test::Bytes body = test::bytes({1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x7f});
  for (size_t i = 0; i < kDepth; ++i) body.insert(body.end(), {std::byte{0x02}, std::byte{0x40}});
  body.insert(body.end(), kDepth + 1, std::byte{0x0b});
  const auto wasm = test::module({test::section(1, test::bytes({1, 0x60, 0, 0})), test::section(3, test::bytes({1, 0})),
                                  test::section(10, test::join({test::bytes({1}), test::leb(body.size()), body}))});
  EXPECT_EQ(test::refusal(wasm), "");
}

}  // namespace
}  // namespace instbench
