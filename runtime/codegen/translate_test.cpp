// What wasm2c's writer is given and what comes out: names, corrections, and what is refused with a reason.
#include "runtime/codegen/translate.hpp"

#include "runtime/codegen/test_code.hpp"

namespace instbench {
namespace {

using namespace testing_code;

std::string translated(const Source& source) {
  std::string text;
  translate_functions(*source.module, source.bytes, [&](std::string_view piece) { text += piece; });
  return text;
}

size_t occurrences(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// [12] One name, two types: two C symbols, each with an instance of its own.
TEST(Translate, EveryImportHasANameOfItsOwn) {
  const std::string text =
      translated(Source(R"((module (import "m" "f" (func $a (param i32))) (import "m" "f" (func $b (param i64)))
    (import "m" "g" (global i32)) (import "n" "f" (func $c))
    (func (call $a (i32.const 1)) (call $b (i64.const 2)) (call $c) (drop (global.get 0)))))"));
  for (const char* name : {"(*Z_i0Z_f)(instance->Z_i0_instance", "(*Z_i1Z_f)(instance->Z_i1_instance", "Z_i2Z_f",
                           "(*Z_i3Z_f)(instance->Z_i3_instance"})
    EXPECT_EQ(occurrences(text, name), 1u) << name << "\n" << text;
}

// [21] TinyCC's minus keeps the sign of a NaN.
TEST(Translate, ANegationIsAMatterOfBits) {
  const std::string text =
      translated(Source(R"((module (func (param f32) (result f32) (f32.neg (f32.neg (local.get 0))))
    (func (param f64) (result f64) (f64.neg (local.get 0)))))"));
  EXPECT_EQ(occurrences(text, "instbench_neg_f32("), 2u) << text;
  EXPECT_EQ(occurrences(text, "instbench_neg_f64("), 1u) << text;
  EXPECT_EQ(occurrences(text, "= -("), 0u) << text;
}

// [11] The bodies call the table operations and CALL_INDIRECT by the names that the prelude defines; nothing that
// wasm2c's own runtime would define comes along, and every name that stands for another group's function is gone.
TEST(Translate, OnlyBodiesComeOut) {
  std::string wat = "(module (table 4 funcref) (memory 1) (type $v (func (result i32))) (elem declare func $f0 $f599) ";
  for (int i = 0; i < 600; ++i) {
    const std::string next = std::to_string((i + 299) % 600);
    wat += "(func $f" + std::to_string(i) + " (result i32) (drop (call $f" + next +
           ")) (table.set 0 (i32.const 0) (ref.func $f" + (i % 2 == 0 ? "0" : "599") +
           ")) (call_indirect (type $v) (i32.const 0)))";
  }
  const std::string text = translated(Source(wat + ")"));
  for (const char* foreign :
       {"Z_o", "#define", "#include", "typedef", "sigsetjmp", "wasm_rt_trap", "Z_self_init_module"})
    EXPECT_EQ(occurrences(text, foreign), 0u) << foreign;
  EXPECT_EQ(occurrences(text, "CALL_INDIRECT(instance->w2c_T0"), 600u);
  EXPECT_EQ(occurrences(text, "w2c_F299(instance"), 1u) << "called from function 0, of another group";
  EXPECT_EQ(occurrences(text, "FUNC_PROLOGUE"), 600u) << "[22] each compares its frame with the stack's limit";
}

// [16]
TEST(Translate, WhatTheWriterCannotIsRefusedWithTheReason) {
  for (const char* wat :
       {"(module (func (result v128) (v128.const i64x2 1 2)))", "(module (func (drop (v128.const i64x2 1 2))))",
        "(module (global v128 (v128.const i64x2 1 2)) (func))", "(module (memory 1 1 shared) (func))",
        "(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))", "(module (memory i64 1) (func))",
        "(module (func $f (return_call $f)))", "(module (tag $t) (func (throw $t)))"}) {
    const std::string why = refusal([&] { translated(Source(wat)); });
    EXPECT_EQ(why.substr(0, 27), "wasm2c cannot translate it:") << wat << ": " << why;
    EXPECT_NE(why.find("(SIMD, threads, exceptions"), std::string::npos) << why;
    EXPECT_EQ(why.find('\n'), std::string::npos) << why;
  }
}

TEST(Translate, BytesOfAnotherModuleAreRefused) {
  const Source one("(module (func))"), two("(module (func) (func))");
  EXPECT_EQ(refusal([&] { translate_functions(*one.module, two.bytes, [](std::string_view) {}); }),
            "the bytes are not those of the module");
}

// [22] A frame that could reach beyond the stack's guard.
TEST(Translate, AFunctionWhoseFrameIsTooLargeIsNamed) {
  const auto waiting = [](int operands) {
    std::string wat = "(module (func $small) (func (result i32) (i32.const 0)";
    for (int i = 0; i < operands; ++i) wat += " (i32.const 1)";
    for (int i = 0; i < operands; ++i) wat += " i32.add";
    return wat + "))";
  };
  EXPECT_EQ(refusal([&] { translated(Source(waiting(1000))); }), "not refused");
  const std::string why = refusal([&] { translated(Source(waiting(300'000))); });
  EXPECT_EQ(why.substr(0, 51), "function 1 is too large to compile safely: its fram") << why;
  EXPECT_NE(why.find("more than half of the stack's guard"), std::string::npos) << why;
}

}  // namespace
}  // namespace instbench
