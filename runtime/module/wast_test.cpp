// Scripts as commands: every kind, whose instance an action means, and what is refused.
#include "runtime/module/wast.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "runtime/module/load.hpp"

namespace instbench {
namespace {

using Kind = ScriptCommand::Kind;

std::string parse_error(const std::string& text) {
  try {
    parse_wast(text, "f.wast");
  } catch (const LoadError& error) {
    return error.what();
  }
  return {};
}

std::vector<Kind> kinds_of(const std::string& text) {
  std::vector<Kind> kinds;
  for (const ScriptCommand& command : parse_wast(text, "f.wast").commands) kinds.push_back(command.kind);
  return kinds;
}

TEST(Wast, EveryKindOfCommand) {
  EXPECT_EQ(kinds_of(R"((module (func (export "f")))
    (register "m")
    (invoke "f")
    (get "g")
    (assert_return (invoke "f"))
    (assert_trap (invoke "f") "unreachable")
    (assert_exhaustion (invoke "f") "call stack exhausted")
    (assert_malformed (module quote "(func") "unexpected end")
    (assert_invalid (module (func (result i32))) "type mismatch")
    (assert_unlinkable (module (import "a" "b" (func))) "unknown import")
    (assert_trap (module (func $f) (start $f)) "unreachable"))"),
            (std::vector{Kind::module, Kind::register_as, Kind::action, Kind::action, Kind::assert_return,
                         Kind::assert_trap, Kind::assert_exhaustion, Kind::assert_malformed, Kind::assert_invalid,
                         Kind::assert_unlinkable, Kind::assert_uninstantiable}));
}

TEST(Wast, EveryCommandHasItsLine) {
  const Script script =
      parse_wast("(module)\n(register \"m\")\n\n(invoke \"f\")\n(assert_invalid (module\n) \"x\")", "f");
  std::vector<int> lines;
  for (const ScriptCommand& command : script.commands) lines.push_back(command.line);
  EXPECT_EQ(lines, (std::vector{1, 2, 4, 5}));
}

TEST(Wast, AnActionMeansTheLastModuleOrTheLatestOfItsName) {
  const Script script = parse_wast(R"((module $A) (invoke "f") (module $B) (invoke "f") (invoke $A "f")
    (module $A) (invoke $A "f") (invoke $B "f")
    (assert_unlinkable (module $C (import "a" "b" (func))) "unknown import") (invoke "f") (register "x" $B))",
                                   "f.wast");
  std::vector<size_t> targets;
  for (const ScriptCommand& command : script.commands) {
    if (command.kind == Kind::action) targets.push_back(command.action.target);
  }
  EXPECT_EQ(targets, (std::vector<size_t>{0, 2, 0, 5, 2, 5}));
  EXPECT_EQ(script.commands.back().registered, 2u);
  EXPECT_EQ(script.commands.back().as, "x");
}

TEST(Wast, ValuesKeepTheirBitsAndClasses) {
  using Value = ScriptValue;
  const ScriptCommand command = parse_wast(R"((module) (assert_return
    (invoke "f" (i32.const -1) (i64.const 5) (f32.const nan:0x1) (f64.const -0) (ref.null func) (ref.extern 7))
    (f32.const nan:canonical) (f64.const nan:arithmetic) (ref.func) (ref.null extern) (ref.extern 0)
    (f64.const nan)))",
                                           "f.wast")
                                    .commands.at(1);
  EXPECT_EQ(command.action.arguments, (std::vector<Value>{{Value::Kind::bits, ValType::i32, 0xffff'ffff},
                                                          {Value::Kind::bits, ValType::i64, 5},
                                                          {Value::Kind::bits, ValType::f32, 0x7f80'0001},
                                                          {Value::Kind::bits, ValType::f64, uint64_t{1} << 63},
                                                          {Value::Kind::null, ValType::funcref, 0},
                                                          {Value::Kind::bits, ValType::externref, 7}}));
  EXPECT_EQ(command.expected, (std::vector<Value>{{Value::Kind::canonical_nan, ValType::f32, 0},
                                                  {Value::Kind::arithmetic_nan, ValType::f64, 0},
                                                  {Value::Kind::any_function, ValType::funcref, 0},
                                                  {Value::Kind::null, ValType::externref, 0},
                                                  {Value::Kind::bits, ValType::externref, 0},
                                                  {Value::Kind::bits, ValType::f64, 0x7ff8'0000'0000'0000}}));
}

TEST(Wast, ModulesBecomeBytesWhateverTheyAreWrittenIn) {
  const Script script = parse_wast(R"wast((module (memory 1)) (module $n binary "\00asm\01\00\00\00")
    (module quote "(memory 1)") (assert_malformed (module quote "(memory 1 x)") "unexpected token")
    (assert_invalid (module quote "(memory 2 1)") "size"))wast",
                                   "f.wast");
  EXPECT_EQ(script.commands[0].module, assemble_wat("(module (memory 1))", "f"));
  EXPECT_EQ(script.commands[1].module, assemble_wat("(module)", "f"));
  EXPECT_EQ(script.commands[2].module, script.commands[0].module);
  EXPECT_NE(script.commands[3].text_error, std::nullopt);
  EXPECT_TRUE(script.commands[3].module.empty());
  EXPECT_EQ(script.commands[4].text_error, std::nullopt);
  EXPECT_NE(refusal(script.commands[4].module), std::nullopt);
}

TEST(Wast, QuotedModulesAreCommandsToo) {
  const Script script = parse_wast(R"wast((; (module quote "x") ;) (module $q quote
      "(func (export \"f\u{e9}\\29\"))" ;; " (
      "(memory" " 1)")
    (invoke $q "f") (module quote ";; nothing"))wast",
                                   "f.wast");
  ASSERT_EQ(script.commands.size(), 3u);
  EXPECT_EQ(script.commands[0].module, assemble_wat("(module (func (export \"f\xc3\xa9)\")) (memory 1))", "f"));
  EXPECT_EQ(script.commands[1].line, 4);
  EXPECT_EQ(script.commands[1].action.target, 0u);
  EXPECT_EQ(script.commands[2].module, assemble_wat("(module)", "f"));
  EXPECT_EQ(parse_error("(module)\n(module quote \"(fun)\")").substr(0, 9), "f.wast:2:");
}

TEST(Wast, InvalidTextIsWrittenForTheLoaderToRefuse) {
  const Script script =
      parse_wast("(assert_invalid (module (func (result i32) (i64.const 1))) \"type mismatch\")", "f");
  const auto said = refusal(script.commands[0].module);
  ASSERT_TRUE(said);
  EXPECT_NE(said->find("type mismatch"), std::string::npos) << *said;
}

TEST(Wast, NewerThanTwoIsRefusedThoughTheCoreKnowsIt) {
  const auto two_memories = assemble_wat("(module (memory 1) (memory 1))", "f");
  EXPECT_NO_THROW(load(two_memories, "f", Bodies::validate));
  EXPECT_TRUE(refusal(two_memories));
  const auto sum = assemble_wat("(module (global i32 (i32.add (i32.const 1) (i32.const 1))))", "f");
  EXPECT_TRUE(refusal(sum));
  EXPECT_EQ(refusal(assemble_wat("(module (memory 1) (func (param v128) (result i32 i64) unreachable))", "f")),
            std::nullopt);
  EXPECT_TRUE(refusal({}));
}

TEST(Wast, WhatIsNoScriptSaysWhere) {
  EXPECT_EQ(parse_error("(module)\n (modul)").substr(0, 12), "f.wast:2:2: ");
  EXPECT_EQ(parse_error("(invoke \"f\")").substr(0, 9), "f.wast:1:");
  EXPECT_EQ(parse_error("(module $A)\n(invoke $B \"f\")").substr(0, 9), "f.wast:2:");
  EXPECT_NE(parse_error("(module $A)\n(invoke $B \"f\")").find("$B"), std::string::npos);
  EXPECT_EQ(parse_error("(module binary \"\\00asm\")").substr(0, 9), "f.wast:1:");
  EXPECT_NE(parse_error("\x01\x02"), "");
}

TEST(Wast, TheProjectsOwnScriptsParse) {
  size_t scripts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(INSTBENCH_SOURCE_DIR "/corpus/wast")) {
    if (entry.path().extension() != ".wast") continue;
    ++scripts;
    std::ifstream in(entry.path());
    const Script script = parse_wast({std::istreambuf_iterator<char>(in), {}}, entry.path().filename().string());
    EXPECT_GT(script.commands.size(), 10u) << entry.path();
  }
  EXPECT_GE(scripts, 10u);
}

}  // namespace
}  // namespace instbench
