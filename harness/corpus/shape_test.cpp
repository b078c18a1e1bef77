#include "harness/corpus/shape.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "harness/corpus/shape_text.hpp"
#include "runtime/module/load.hpp"
#include "runtime/os/file.hpp"

namespace instbench::bench {
namespace {

std::shared_ptr<const Module> assembled(const std::string& text) {
  return load(assemble_wat(text, "test.wat"), "test.wat", Bodies::validate);
}

std::shared_ptr<const Module> built(const std::string& text) {
  return load(build_shape(text, "test.shape"), "test.shape", Bodies::validate);
}

// A module with something in each section: odd import names, every kind of offset, zero runs.
const std::string kEverything = R"((module
  (type (func (param i32 i64 f32 f64) (result i32)))
  (type (func))
  (import "env" "twice" (func (type 1)))
  (import "env" "twice" (func (type 1)))
  (import "" "" (func (type 0)))
  (import "wasi" "memory" (memory 2 8))
  (import "env" "base" (global i32))
  (import "env" "counter" (global (mut i64)))
  (import "env" "table" (table 4 funcref))
  (func $f (type 1) unreachable)
  (func $g (type 0) i32.const 7)
  (func $start (type 1) nop)
  (table 10 20 externref)
  (global (mut f64) (f64.const 1.5))
  (global i32 (global.get 0))
  (global funcref (ref.null func))
  (export "f" (func $f)) (export "" (memory 0)) (export "base" (global 0))
  (start $start)
  (elem (i32.const 1) $f $g $f)
  (elem (global.get 0) $g)
  (elem func $f)
  (elem declare func $g)
  (elem funcref (ref.func $f) (ref.null func))
  (data (i32.const 8) "secret")
  (data (global.get 0) "relative")
  (data "passive")
  (data "")
  (data (i32.const 4) "ab\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00cd")
))";

TEST(Shape, ExtractedTextIsAFixPoint) {
  const std::string text = extract_shape(*assembled(kEverything));
  EXPECT_EQ(extract_shape(*built(text)), text);
}

TEST(Shape, KeepsWhatInstantiationDependsOn) {
  const auto original = assembled(kEverything);
  const auto module = built(extract_shape(*original));
  EXPECT_EQ(module->types, original->types);
  ASSERT_EQ(module->imports.size(), 7u);
  EXPECT_EQ(module->imports[0].name, module->imports[1].name);
  EXPECT_EQ(module->imports[2].module, "");
  EXPECT_EQ(module->imports[2].name, "");
  EXPECT_EQ(module->memories[0].limits, (Limits{2, 8}));
  EXPECT_EQ(module->tables[1].limits, (Limits{10, 20}));
  EXPECT_EQ(module->functions.size(), original->functions.size());
  EXPECT_EQ(module->globals.size(), original->globals.size());
  EXPECT_TRUE(module->globals[1].is_mutable);
  EXPECT_EQ(module->globals[3].init.kind, ConstExpr::Kind::global_get);
  EXPECT_EQ(module->exports.size(), 3u);
  EXPECT_EQ(module->exports[1].name, "");
  EXPECT_EQ(module->start, original->start);
  ASSERT_EQ(module->elem_segments.size(), 5u);
  EXPECT_EQ(module->elem_segments[3].mode, SegmentMode::declared);
  EXPECT_EQ(module->elem_segments[4].entries[1].kind, ElemEntry::Kind::null);
  ASSERT_EQ(module->data_segments.size(), 5u);
  EXPECT_EQ(module->data_segments[0].offset.bits, 8u);
  EXPECT_EQ(module->data_segments[1].offset.kind, ConstExpr::Kind::global_get);
  EXPECT_EQ(module->data_segments[2].mode, SegmentMode::passive);
  EXPECT_EQ(module->data_segments[4].offset.bits, 4u);
}

// What tables=retained asks of the code; whatever instruction it is, and also where the only function is the start.
TEST(Shape, KeepsWhichTablesCodeWrites) {
  for (const char* start : {"", "(start 0)"}) {
    const auto original = assembled(std::string(R"((module (import "e" "t" (table 1 externref)) (table 2 funcref)
      (table 3 externref) (table 4 funcref) (func (table.set 0 (i32.const 0) (ref.null extern))
      (table.fill 3 (i32.const 0) (ref.null func) (i32.const 0))
      (drop (table.grow 2 (ref.null extern) (i32.const 0)))) )") +
                                    start + ")");
    const std::string text = extract_shape(*original);
    EXPECT_NE(text.find("  r2.. x3..,written r4..,written\n"), std::string::npos) << text;
    const auto module = built(text);
    ASSERT_TRUE(module->table_writes);
    EXPECT_EQ(*module->table_writes,
              (std::vector<TableWrite>{{2, 0, TableInstruction::set}, {3, 0, TableInstruction::set}}));
    EXPECT_EQ(extract_shape(*module), text);
  }
}

TEST(Shape, HoldsNoNamesNoDataNoValues) {
  const auto module = built(extract_shape(*assembled(kEverything)));
  EXPECT_EQ(module->imports[3].module, "m1");  // the empty name before it takes no number
  EXPECT_EQ(module->imports[3].name, "i1");
  EXPECT_EQ(module->exports[0].name, "e0");
  EXPECT_EQ(module->globals[2].init.bits, 0u);
  for (size_t i = 0; i < 4; ++i) {
    for (const std::byte byte : module->data(module->data_segments[i])) EXPECT_EQ(byte, std::byte{0xA5});
  }
}

TEST(Shape, ZeroRunsStayZero) {
  const auto module = built(extract_shape(*assembled(kEverything)));
  const auto bytes = module->data(module->data_segments[4]);
  ASSERT_EQ(bytes.size(), 42u);
  for (size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_EQ(bytes[i] == std::byte{0}, i >= 2 && i < 40) << "byte " << i;
  }
}

TEST(Shape, ZeroRunsShorterThanTheLimitAreFilled) {
  std::string data = "x" + std::string(31, 'z') + "x" + std::string(32, 'z');
  std::string escaped;
  for (const char c : data) escaped += c == 'z' ? "\\00" : std::string(1, c);
  const Shape shape = facts_of(*assembled("(module (memory 1) (data (i32.const 0) \"" + escaped + "\"))"));
  EXPECT_EQ(shape.zero_runs.at(0), (std::vector<ZeroRun>{{33, 32}}));
}

TEST(Shape, Memory64AndSharedMemory) {
  const auto module = built(
      "shape 1\ntypes 0\nimports 1\n  m0/m1..2,shared\nfunctions 0\ntables 0\nmemories 0\ntags 0\nglobals 0\n"
      "exports 0\nstart none\nelements 0\ndata 0\n");
  EXPECT_TRUE(module->memories.at(0).shared);
  const std::string wide =
      "shape 1\ntypes 0\nimports 0\nfunctions 0\ntables 0\nmemories 1\n  3..,64\ntags 0\nglobals 0\nexports 0\n"
      "start none\nelements 0\ndata 1\n  100:5\n";
  const Shape shape = parse_shape(wide, "wide.shape");
  EXPECT_TRUE(shape.module.memories.at(0).is_64);
  EXPECT_TRUE(write_shape(shape).ends_with(wide)) << write_shape(shape);
}

struct BadText {
  const char* edit;     // line to put in place of…
  const char* instead;  // …this one
  const char* message;
};

const std::string kSmall =
    "shape 1\ntypes 1\n  i:i\nimports 1\n  m0/f0\nfunctions 2\n  0*2\ntables 1\n  r4..\nmemories 1\n  1..\ntags 0\n"
    "globals 0\nexports 1\n  f1\nstart none\nelements 1\nelement 2 mode=active table=0 at=c0 type=r as=indices\n  1 2\n"
    "data 2\n  16:8 /0-8 4:4\n";

std::string replaced(const std::string& from, const std::string& to) {
  std::string text = kSmall;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ShapeParser, AcceptsTheTextThatTheBadOnesAreMadeFrom) { EXPECT_EQ(built(kSmall)->functions.size(), 3u); }

class ShapeParserRejects : public testing::TestWithParam<BadText> {};

TEST_P(ShapeParserRejects, NamesLineAndReason) {
  const BadText& bad = GetParam();
  try {
    parse_shape(replaced(bad.instead, bad.edit), "x.shape");
    FAIL() << "accepted: " << bad.edit;
  } catch (const ShapeError& error) {
    EXPECT_EQ(error.what(), std::string(bad.message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ShapeParserRejects,
    testing::Values(
        BadText{"shape 2", "shape 1", "x.shape:1: shape version must be 1"},
        BadText{"  stray\nshape 1", "shape 1",
                "x.shape:1: items before the first section; the file must begin with 'shape 1'"},
        BadText{"types 1\nfoo 3", "types 1\n  i:i", "x.shape:2: types: 1 announced, 0 found"},
        BadText{"types 99999999999", "types 1", "x.shape:2: types '99999999999' is above the limit of 1000000"},
        BadText{"types -1", "types 1", "x.shape:2: types: expected a number, found '-1'"},
        BadText{"  i:q", "  i:i", "x.shape:3: expected a value type (one of iIfFvrx), found 'i:q'"},
        BadText{"functions 2\n  1*2", "functions 2\n  0*2", "x.shape:7: type index 1 out of range (1 exist)"},
        BadText{"  0*3", "  0*2", "x.shape:7: functions: more than the 2 announced"},
        BadText{"  0*", "  0*2", "x.shape:7: repeat count: expected a number, found ''"},
        BadText{"  0*0", "  0*2", "x.shape:7: empty item '0*0'"},
        BadText{"  r4..2", "  r4..", "x.shape:9: maximum is below the minimum"},
        BadText{"functions 0\ntables 1\n  r4..,written", "functions 2\n  0*2\ntables 1\n  r4..",
                "x.shape:8: a written table needs a defined function"},
        BadText{"  65537..", "  1..", "x.shape:11: minimum '65537' is above the limit of 65536"},
        BadText{"  1..,shared", "  1..", "x.shape:11: a shared memory needs a maximum"},
        BadText{"  f3", "  f1", "x.shape:15: function index 3 out of range (3 exist)"},
        BadText{"table=1", "table=0", "x.shape:18: table index 1 out of range (1 exist)"},
        BadText{"at=q", "at=c0", "x.shape:18: expected an expression: c, gN, fN or x, found 'q'"},
        BadText{"mode=lazy", "mode=active", "x.shape:18: mode must be active, passive or declared"},
        BadText{"element 10000001 ", "element 2 ", "x.shape:18: element '10000001' is above the limit of 10000000"},
        BadText{"  1 n", "  1 2",
                "x.shape:19: only a segment with as=expressions has entries that are not functions, found 'n'"},
        BadText{"  2..1", "  1 2", "x.shape:19: expected an ascending range, found '2..1'"},
        BadText{"-1:8", "16:8", "x.shape:21: offset before the start of the memory or beyond 2^64"},
        BadText{"4294967296:8", "16:8", "x.shape:21: offset beyond 4 GiB"},
        BadText{"16:300000000", "16:8", "x.shape:21: segment size '300000000' is above the limit of 268435456"},
        BadText{"16:200000000*2", "16:8 /0-8 4:4", "x.shape:21: all segments together hold more than 268435456 bytes"},
        BadText{"/4-8", "/0-8", "x.shape:21: zero run beyond the end of its segment"},
        BadText{"m1/16:8", "16:8", "x.shape:21: memory index 1 out of range (1 exist)"},
        BadText{"data 2\nextra 1", "data 2", "x.shape:20: data: 2 announced, 0 found"},
        BadText{"4:4\nextra 1", "4:4", "x.shape:22: unexpected section 'extra'"}));

TEST(ShapeParser, EmptyAndTruncatedTexts) {
  EXPECT_THROW(parse_shape("", "x.shape"), ShapeError);
  for (size_t length = 0; length + 2 < kSmall.size(); ++length) {
    if (kSmall[length] != '\n') continue;  // cut after whole lines: every one is missed
    EXPECT_THROW(parse_shape(kSmall.substr(0, length), "x.shape"), ShapeError) << length;
  }
}

// Every shape of the repository builds, validates, and says what it is: the loaded module's own shape, read
// again, has the same facts.
TEST(ShapeFiles, BuildValidateAndComeBack) {
  size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(INSTBENCH_SOURCE_DIR "/corpus/shapes")) {
    SCOPED_TRACE(file.path().filename().string());
    ++files;
    const std::string text = os::read_text(file.path().string());
    const std::string again = extract_shape(*built(text));
    EXPECT_EQ(again, extract_shape(*built(again)));
    EXPECT_EQ(again, write_shape(parse_shape(text, "")));
    if (!text.starts_with("# Trait:")) {
      EXPECT_EQ(again, text);
    }
  }
  EXPECT_GE(files, 12u);
}

}  // namespace
}  // namespace instbench::bench
