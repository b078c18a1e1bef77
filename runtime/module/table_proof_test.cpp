// Which tables nobody can write, and what is said of each of the others.
#include "runtime/module/table_proof.hpp"

#include <gtest/gtest.h>

#include "runtime/module/test_bytes.hpp"

namespace instbench {
namespace {

using Reasons = std::vector<std::string>;

Reasons reasons_of(const Module& module, uint32_t table = 0) { return who_writes(module, examine(module), table); }
Reasons reasons(const std::string& wat, uint32_t table = 0) { return reasons_of(*test::load_wat(wat), table); }

TEST(TableProof, HoldsWhereNothingCanWrite) {
  EXPECT_EQ(reasons(R"((module (import "e" "f" (func $f)) (table 9 funcref) (func $g)
    (elem (i32.const 1) $f $g $f) (elem (i32.const 2) funcref (ref.null func) (ref.func $g))
    (elem func $g) (elem declare func $g)
    (func (export "read") (param i32) (result funcref) (call_indirect (local.get 0)) (drop (table.size 0))
      (table.get 0 (local.get 0))) (func (elem.drop 2))))"),
            Reasons{});
  EXPECT_EQ(reasons("(module (table 0 funcref))"), Reasons{});
  EXPECT_EQ(reasons("(module (table 4 externref))"), Reasons{});
}

TEST(TableProof, NamesImportAndExports) {
  EXPECT_EQ(reasons(R"((module (import "env" "t" (table 3 funcref))))"),
            Reasons{R"(it is imported ("env" "t"): others can write it)"});
  EXPECT_EQ(reasons(R"((module (table 3 funcref) (table 3 funcref) (export "b" (table 1)) (export "c" (table 1))))", 1),
            Reasons{R"(it is exported as "b": others can write it)"});
  EXPECT_EQ(reasons(R"((module (table 3 funcref) (table 3 funcref) (export "b" (table 1))))", 0), Reasons{});
  EXPECT_EQ(reasons(R"((module (import "e" "t" (table 3 funcref)) (export "x" (table 0))))").size(), 2u);
}

// Each on table 1 of three, which are of one type; the others stay proven, also the one that table.copy reads.
TEST(TableProof, NamesTheFunctionAndItsInstruction) {
  const struct {
    const char *code, *name;
  } writes[] = {
      {"(table.set 1 (i32.const 0) (ref.null func))", "table.set"},
      {"(drop (table.grow 1 (ref.null func) (i32.const 0)))", "table.grow"},
      {"(table.fill 1 (i32.const 0) (ref.null func) (i32.const 0))", "table.fill"},
      {"(table.copy 1 2 (i32.const 0) (i32.const 0) (i32.const 0))", "table.copy"},
      {"(table.init 1 0 (i32.const 0) (i32.const 0) (i32.const 0))", "table.init"},
      {"unreachable (table.set 1)", "table.set"},
  };
  for (const auto& write : writes) {
    const auto module = test::load_wat(std::string(R"((module (import "e" "f" (func))
      (table 3 funcref) (table 3 funcref) (table 3 funcref) (elem func 0) (func) (func )") +
                                       write.code + ") (func (table.set 1 (i32.const 0) (ref.null func))))");
    EXPECT_EQ(reasons_of(*module, 1), Reasons{"function 2 writes it (" + std::string(write.name) + ")"});
    EXPECT_EQ(reasons_of(*module, 0), Reasons{});
    EXPECT_EQ(reasons_of(*module, 2), Reasons{});
  }
}

TEST(TableProof, NamesTheSegmentThatNoImageHolds) {
  const std::string globals = R"((module (import "e" "g" (global i32)) (import "e" "r" (global funcref)) (func)
    (table 4 funcref) (elem (i32.const 0) 0) )";
  EXPECT_EQ(reasons(globals + "(elem (global.get 0) 0))"),
            Reasons{"element segment 1 starts where global 0 says, known only at instantiation"});
  EXPECT_EQ(reasons(globals + "(elem (i32.const 3) 0 0))"),
            Reasons{"element segment 1 writes [0x3, 0x5) past the end of table 0 (4 entries)"});
  EXPECT_EQ(reasons(globals + "(elem (i32.const 0) funcref (global.get 1)))"),
            Reasons{"element segment 1: its entry 0 is the value of global 1"});
  EXPECT_EQ(reasons("(module (table 2 externref) (elem (i32.const 0) externref (ref.null extern)))").size(), 1u);
}

// More segments with obstacles than are listed: the first is named all the same, or at least numbered.
TEST(TableProof, IsDeniedHoweverManySegmentsThereAre) {
  std::string wat = R"((module (import "e" "g" (global i32)) (func) (table 40 funcref) (table 2 funcref))";
  for (int i = 0; i < 20; ++i) wat += "(elem (table 0) (global.get 0) func 0)";
  wat += "(elem (table 1) (global.get 0) func 0))";
  EXPECT_EQ(reasons(wat, 0).size(), 1u);
  EXPECT_EQ(reasons(wat, 1), Reasons{"element segment 20 starts where global 0 says, known only at instantiation"});
}

TEST(TableProof, IsDeniedWhereBodiesWereNotRead) {
  const test::Bytes wasm = assemble_wat("(module (table 1 funcref) (func))", "t.wat");
  EXPECT_EQ(reasons_of(*load(wasm, "t", Bodies::skip)),
            Reasons{"the module's function bodies were not read: its code may write it"});
  EXPECT_EQ(reasons_of(*load(wasm, "t", Bodies::validate)), Reasons{});
}

TEST(TableProof, OneWriteATableIsKept) {
  const auto module = test::load_wat(R"((module (table 1 funcref) (table 1 funcref)
    (func (drop (table.grow 1 (ref.null func) (i32.const 1))) (table.set 1 (i32.const 0) (ref.null func)))
    (func (table.set 0 (i32.const 0) (ref.null func)) (table.set 1 (i32.const 0) (ref.null func)))))");
  ASSERT_TRUE(module->table_writes);
  EXPECT_EQ(*module->table_writes,
            (std::vector<TableWrite>{{1, 0, TableInstruction::grow}, {0, 1, TableInstruction::set}}));
}

}  // namespace
}  // namespace instbench
