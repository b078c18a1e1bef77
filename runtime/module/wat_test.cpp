// Text to binary: what is written, and what is said about text that is wrong.
#include <gtest/gtest.h>

#include "runtime/module/load.hpp"
#include "runtime/module/test_bytes.hpp"

namespace instbench {
namespace {

using test::wat_refusal;

TEST(Wat, WritesTheShortestBinary) {
  EXPECT_EQ(assemble_wat("(module)", "f.wat"), test::preamble());
  EXPECT_EQ(assemble_wat("(module (memory 1))", "f.wat"), test::module({test::section(5, test::bytes({1, 0, 1}))}));
  EXPECT_EQ(assemble_wat("(memory 1)", "f.wat"), assemble_wat("(module (memory 1))", "f.wat"));
}

TEST(Wat, ErrorsCarryLineAndColumn) {
  EXPECT_EQ(wat_refusal("(module\n  (memroy 1))").substr(0, 13), "f.wat: 2:4: u");
  EXPECT_EQ(wat_refusal("(module\n (func\n  (call 3)))").substr(0, 12), "f.wat: 3:9: ");
  EXPECT_EQ(wat_refusal("(module (func (result i32) (i64.const 1)))").substr(0, 10), "f.wat: 1:2");
  EXPECT_EQ(wat_refusal("").substr(0, 11), "f.wat: 1:1:");
  for (const char* text :
       {"(module", "(module (data \"", "(module))", "(", "(; open", "(module (func $a) (func $a))"}) {
    const std::string said = wat_refusal(text);
    EXPECT_EQ(said.substr(0, 7), "f.wat: ") << text;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
}

TEST(Wat, ElementExpressionsThatReadGlobalsAreStillValidated) {
  const std::string begin = "(module (import \"m\" \"g\" (global ";
  const std::string end = ")) (table 1 funcref) (elem (i32.const 0) funcref (global.get 0)))";
  EXPECT_EQ(wat_refusal(begin + "funcref" + end), "");
  EXPECT_NE(wat_refusal(begin + "externref" + end).find("type mismatch"), std::string::npos);
  EXPECT_NE(wat_refusal(begin + "(mut funcref)" + end).find("mutable"), std::string::npos);
}

}  // namespace
}  // namespace instbench
