// What load() says about bytes it refuses: the file, the offset, what is wrong. And that it says
// something, instead of crashing, whatever the bytes.
#include <gtest/gtest.h>

#include <random>

#include "runtime/module/load.hpp"
#include "runtime/module/test_bytes.hpp"

namespace instbench {
namespace {

using test::bytes;
using test::join;
using test::module;
using test::refusal;
using test::section;

void expect_refusal(const test::Bytes& wasm, const std::string& expected) { EXPECT_EQ(refusal(wasm), expected); }

void expect_refusal_with(const test::Bytes& wasm, const std::string& begin, const std::string& part) {
  const std::string text = refusal(wasm);
  EXPECT_EQ(text.substr(0, begin.size()), begin);
  EXPECT_NE(text.find(part), std::string::npos) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

const test::Bytes kOneType = section(1, bytes({1, 0x60, 0, 0}));
const test::Bytes kOneFunction = section(3, bytes({1, 0}));
const test::Bytes kOneMemory = section(5, bytes({1, 0, 1}));

test::Bytes one_body(const test::Bytes& body) {
  return module({kOneType, kOneFunction, section(10, join({bytes({1}), test::leb(body.size()), body}))});
}

TEST(LoadError, NotAModule) {
  expect_refusal(bytes(""), "f.wasm: the file is empty, not a WebAssembly module");
  expect_refusal(
      bytes("\x7f"
            "ELF and more"),
      "f.wasm: not a WebAssembly module: starts with 7f 45 4c 46 20 61 6e 64 \".ELF and\" instead of 00 61 73 "
      "6d; give a .wasm file, or text in a file named *.wat");
  expect_refusal(bytes({0x00, 0x61}), "f.wasm: offset 0x2: ends inside the 8-byte preamble: the file is cut short");
  expect_refusal(
      bytes({0x00, 0x61, 0x73, 0x6d, 2, 0, 0, 0}),
      "f.wasm: offset 0x4: binary format version 02 00 00 00 \"....\" is unknown; a core module has 01 00 00 00");
}

TEST(LoadError, KnowsItsOffset) {
  try {
    load(join({test::preamble(), bytes({99, 0})}), "f.wasm", Bodies::validate);
    FAIL();
  } catch (const LoadError& error) {
    EXPECT_EQ(error.offset(), 8U);
    EXPECT_STREQ(error.what(), "f.wasm: offset 0x8: unknown section id 99");
  }
}

TEST(LoadError, Sections) {
  expect_refusal(join({test::preamble(), bytes({1})}),
                 "f.wasm: offset 0x9: ends inside section size (LEB128 without its last byte)");
  expect_refusal(join({test::preamble(), bytes({1, 0x80, 0x80})}),
                 "f.wasm: offset 0x9: ends inside section size (LEB128 without its last byte)");
  expect_refusal(join({test::preamble(), bytes({1, 0xff, 0xff, 0xff, 0xff, 0x7f})}),
                 "f.wasm: offset 0x9: section size is not a 32-bit LEB128 number");
  expect_refusal(join({test::preamble(), bytes({1, 5, 0})}),
                 "f.wasm: offset 0xa: type section is 5 bytes long, but only 1 are left");
  expect_refusal(module({kOneMemory, kOneType}),
                 "f.wasm: offset 0xd: type section after the memory section: sections are out of order");
  expect_refusal(module({kOneMemory, kOneMemory}), "f.wasm: offset 0xd: second memory section");
  expect_refusal(module({section(0, bytes({9, 'a'}))}),
                 "f.wasm: offset 0xb: custom section name is 9 bytes long, but only 1 are left");
  expect_refusal(module({section(0, bytes({1, 0xff}))}), "f.wasm: offset 0xa: custom section name is not UTF-8");
}

TEST(LoadError, SectionsOutOfStep) {
  expect_refusal_with(module({section(1, bytes({1, 0x60, 0, 0, 0}))}), "f.wasm: offset 0xe: ", "unfinished section");
  expect_refusal_with(module({kOneType, kOneFunction}), "f.wasm: offset 0x", "function signature count");
  expect_refusal_with(module({kOneType, kOneFunction, section(0, bytes({1, 'a'}))}),
                      "f.wasm: ", "function signature count");
  expect_refusal(module({section(12, bytes({1}))}),
                 "f.wasm: offset 0xb: data count section says 1 segments, the module has 0");
}

TEST(LoadError, CountsLargerThanTheFile) {
  const auto huge = bytes({0xff, 0xff, 0xff, 0xff, 0x0f});
  for (const int id : {1, 2, 3, 4, 5, 6, 7, 9, 11, 13}) {
    EXPECT_NE(refusal(module({section(id, huge)})), "") << "section " << id;
    EXPECT_NE(refusal(module({section(id, huge)}), Bodies::skip), "") << "section " << id;
  }
  EXPECT_NE(refusal(module({section(1, join({bytes({1, 0x60}), huge}))})), "");
  EXPECT_NE(refusal(module({kOneType, kOneFunction, section(10, huge)})), "");
  EXPECT_NE(refusal(module({kOneType, kOneFunction, section(10, join({bytes({1}), huge}))}), Bodies::skip), "");
  EXPECT_NE(refusal(one_body(huge)), "");
  // Twice 2^32 - 1 locals.
  EXPECT_NE(refusal(one_body(join({bytes({2}), huge, bytes({0x7f}), huge, bytes({0x7f, 0x0b})}))), "");
  // A br_table, a select and a memory of that size.
  EXPECT_NE(refusal(one_body(join({bytes({0, 0x41, 0, 0x0e}), huge, bytes({0x0b})}))), "");
  EXPECT_NE(refusal(one_body(join({bytes({0, 0x1c}), huge, bytes({0x0b})}))), "");
  EXPECT_NE(refusal(module({section(5, join({bytes({1, 0}), huge}))})), "");
}

TEST(LoadError, Bodies) {
  // Offsets are those of the instruction: 0x17 is the first of the body.
  expect_refusal_with(one_body(bytes({0, 0x6a, 0x0b})), "f.wasm: offset 0x17: ", "type mismatch in i32.add");
  expect_refusal_with(one_body(bytes({0, 0x01, 0x10, 7, 0x0b})), "f.wasm: offset 0x18: ", "function variable");
  expect_refusal_with(one_body(bytes({0, 0x01, 0x0b, 0x01, 0x0b})),
                      "f.wasm: offset 0x19: ", "instruction after the last end");
  expect_refusal_with(one_body(bytes({0, 0x0b, 0x0b})), "f.wasm: offset 0x18: ", "instruction after the last end");
  expect_refusal_with(one_body(bytes({0, 0x02, 0x40, 0x0b})),
                      "f.wasm: offset 0x1a: ", "body ends with a block still open");
  expect_refusal_with(one_body(bytes({0, 0x01})), "f.wasm: offset 0x18: ", "must end with END");
  expect_refusal_with(one_body(bytes({0, 0x18, 0, 0x0b})), "f.wasm: offset 0x17: ", "delegate outside a try");
  // memory.init without a data count section.
  expect_refusal_with(module({kOneType, kOneFunction, kOneMemory,
                              section(10, bytes({1, 12, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 0, 0x0b})),
                              section(11, bytes({1, 1, 0}))}),
                      "f.wasm: offset 0x24: ", "requires data count section");
}

TEST(LoadError, BoundsOfTheReader) {
  test::Bytes deep = bytes({0});
  for (int i = 0; i < 60'000; ++i) deep.insert(deep.end(), {std::byte{0x02}, std::byte{0x40}});
  expect_refusal_with(one_body(deep), "f.wasm: offset 0x", "blocks nested more than 50000 deep");

  const auto signature = join({bytes({1, 0x60}), test::leb(1001), test::Bytes(1001, std::byte{0x7f}), bytes({0})});
  expect_refusal_with(module({section(1, signature)}), "f.wasm: offset 0x", "more than 1000 parameters");

  // A function with 1,000 results, called again and again: 2^24 operands.
  const auto wide = join({bytes({1, 0x60, 0}), test::leb(1000), test::Bytes(1000, std::byte{0x7f})});
  test::Bytes calls = bytes({0});
  for (int i = 0; i < 20'000; ++i) calls.insert(calls.end(), {std::byte{0x10}, std::byte{0x00}});
  calls.push_back(std::byte{0x0b});
  expect_refusal_with(
      module({section(1, wide), kOneFunction, section(10, join({bytes({1}), test::leb(calls.size()), calls}))}),
      "f.wasm: offset 0x", "more than 2^24 operands");

  const auto functions = join({test::leb(40'000), test::Bytes(40'000, std::byte{0})});
  expect_refusal_with(module({section(1, wide), section(3, functions)}), "f.wasm: offset 0x", "more than 2^25");
}

TEST(LoadError, Segments) {
  expect_refusal_with(module({kOneMemory, section(11, bytes({1, 5, 0}))}), "f.wasm: offset 0x",
                      "data segment flags 5 are none of 0, 1 and 2");
  expect_refusal_with(module({kOneMemory, section(11, bytes({1, 2, 9, 0x41, 0, 0x0b, 0}))}), "f.wasm: offset 0x",
                      "memory variable out of range");
  expect_refusal_with(module({section(11, bytes({1, 0, 0x41, 0, 0x0b, 0}))}), "f.wasm: offset 0x", "memory");
  expect_refusal_with(module({kOneMemory, section(11, bytes({1, 0, 0x42, 0, 0x0b, 0}))}), "f.wasm: offset 0x",
                      "type mismatch");
  expect_refusal_with(module({kOneMemory, section(11, bytes({1, 0, 0x41, 0, 0x0b, 9}))}), "f.wasm: offset 0x",
                      "unable to read data");
  // `block` in a constant expression.
  expect_refusal_with(module({kOneMemory, section(11, bytes({1, 0, 0x02, 0x40, 0x0b, 0x0b, 0}))}),
                      "f.wasm: offset 0x11: ", "block");
  // A constant expression that runs into the end of its section.
  expect_refusal_with(module({section(6, bytes({1, 0x7f, 0, 0x41, 0}))}),
                      "f.wasm: offset 0xf: ", "constant expression without end");
  // An element entry that reads a global: missing, mutable, of the wrong type.
  const auto with_global = [](int type, int is_mutable, int global) {
    return module({section(2, join({bytes({1, 1, 'm', 1, 'g', 3}), bytes({type, is_mutable})})),
                   section(4, bytes({1, 0x70, 0, 1})),
                   section(9, bytes({1, 4, 0x41, 0, 0x0b, 1, 0x23, global, 0x0b}))});
  };
  EXPECT_EQ(refusal(with_global(0x70, 0, 0)), "");
  expect_refusal_with(with_global(0x70, 0, 3), "f.wasm: offset 0x20: ", "global variable out of range");
  expect_refusal_with(with_global(0x70, 1, 0), "f.wasm: offset 0x20: ", "mutable");
  expect_refusal_with(with_global(0x6f, 0, 0), "f.wasm: offset 0x20: ", "type mismatch");
}

TEST(LoadError, NamesMustBeUtf8AndExportsUnique) {
  expect_refusal_with(module({kOneMemory, section(7, bytes({1, 1, 0xff, 2, 0}))}), "f.wasm: offset 0x", "utf-8");
  expect_refusal_with(module({kOneMemory, section(7, bytes({2, 1, 'a', 2, 0, 1, 'a', 2, 0}))}), "f.wasm: offset 0x",
                      "duplicate export");
}

void expect_unsupported(const test::Bytes& wasm, const std::string& feature) {
  expect_refusal_with(wasm, "f.wasm: offset 0x", "uses " + feature);
  expect_refusal_with(wasm, "f.wasm: offset 0x", "which libwabt 1.0.32 cannot read");
}

TEST(LoadError, TypesThatWabtCannotRead) {
  const std::string gc = "garbage collection (GC) types";
  expect_unsupported(module({section(1, bytes({1, 0x5f, 0}))}), gc);              // struct
  expect_unsupported(module({section(1, bytes({1, 0x5e, 0x7f, 0}))}), gc);        // array
  expect_unsupported(module({section(1, bytes({1, 0x4e, 1, 0x60, 0, 0}))}), gc);  // rec
  expect_unsupported(module({section(1, bytes({1, 0x50, 0, 0x60, 0, 0}))}), gc);  // sub
  expect_unsupported(module({section(1, bytes({1, 0x60, 1, 0x6e, 0}))}), gc);     // anyref parameter
  expect_unsupported(module({section(1, bytes({1, 0x60, 0, 1, 0x6c}))}), gc);     // i31ref result
  expect_unsupported(module({section(1, bytes({1, 0x60, 1, 0x69, 0}))}), "exception references");
  expect_unsupported(module({section(1, bytes({1, 0x60, 1, 0x63, 0x70, 0}))}), "typed function references");
  expect_unsupported(module({section(4, bytes({1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b}))}),
                     "tables with an initial value");
  expect_unsupported(module({section(4, bytes({1, 0x70, 4, 1}))}), "64-bit tables");
  expect_unsupported(module({section(5, bytes({1, 8, 1, 0}))}), "custom page sizes");
  // structref is 0x6b, which wabt 1.0.32 takes for something else.
  EXPECT_NE(refusal(module({section(4, bytes({1, 0x6b, 0, 1}))})), "");
}

TEST(LoadError, InstructionsThatWabtCannotRead) {
  expect_unsupported(one_body(bytes({0, 0x1f, 0x40, 0, 0x0b, 0x0b})), "exception references");  // try_table
  expect_unsupported(one_body(bytes({0, 0x0a, 0x0b})), "exception references");                 // throw_ref
  expect_unsupported(one_body(bytes({0, 0xfb, 1, 0, 0x0b})), "garbage collection");             // struct.new
  expect_unsupported(one_body(bytes({0, 0x14, 0, 0x0b})), "typed function references");         // call_ref
  expect_unsupported(one_body(bytes({0, 0xfc, 0x13, 0x0b})), "wide arithmetic");
  expect_unsupported(one_body(bytes({0, 0xe0, 0, 0x0b})), "stack switching");
  // An own global in a constant expression.
  expect_unsupported(module({section(6, bytes({2, 0x7f, 0, 0x41, 0, 0x0b, 0x7f, 0, 0x23, 0, 0x0b}))}),
                     "a constant expression that reads one of the module's own globals");
  // Not a feature: just an opcode that no proposal has.
  const std::string text = refusal(one_body(bytes({0, 0x27, 0x0b})));
  EXPECT_NE(text.find("unexpected opcode: 0x27"), std::string::npos) << text;
  EXPECT_EQ(text.find("libwabt"), std::string::npos) << text;
}

// Robustness: any outcome but a Module or a LoadError ends the test.

std::vector<test::Bytes> victims() {
  return {assemble_wat(R"((module
            (type $t (func (param i32 i64) (result i32)))
            (import "env" "f" (func $f (type $t))) (import "env" "g" (global $g i32))
            (import "env" "r" (global $r funcref)) (import "env" "e" (tag (param i32)))
            (table 10 funcref) (table 3 externref) (memory 1 2) (memory i64 1)
            (global $a (mut i64) (i64.const -2)) (global v128 (v128.const i64x2 3 4))
            (global i32 (i32.add (global.get $g) (i32.const 2)))
            (export "a" (func $h)) (export "b" (table 0)) (export "c" (memory 0))
            (start $s)
            (elem (i32.const 3) func $f $h) (elem func $f) (elem declare func $h)
            (elem (offset (global.get $g)) funcref (ref.func $f) (global.get $r) (ref.null func))
            (data (i32.const 700) "abc") (data "de") (data (memory 1) (i64.const 5) "f")
            (func $s (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 0)))
            (func $h (type $t) (local f32 v128)
              (block (result i32) (loop (br_if 1 (i32.const 1) (local.get 0)) (drop))
                (if (local.get 0) (then (nop)) (else (global.set $a (local.get 1))))
                (block (block (br_table 0 1 0 (local.get 0))))
                (try (do (throw 0 (i32.const 1))) (catch 0 (drop)) (catch_all (rethrow 0)))
                (local.set 3 (i32x4.splat (i32.load8_u offset=7 (i32.const 5))))
                (drop (i64.atomic.rmw.add (i32.const 0) (local.get 1)))
                (select (call $f (i32.const 1) (i64.const 2)) (i32.const 1) (ref.is_null (ref.func $h))))))
          )",
                       "victim"),
          module({kOneType, kOneFunction, section(10, bytes({1, 2, 0, 0x0b}))})};
}

// True when load took the bytes; any other exception than LoadError escapes and fails the test.
bool loads(const test::Bytes& wasm, Bodies bodies) {
  try {
    load(wasm, "f.wasm", bodies);
    return true;
  } catch (const LoadError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return false;
  }
}

TEST(LoadRobustness, EveryTruncation) {
  for (const test::Bytes& wasm : victims()) {
    ASSERT_TRUE(loads(wasm, Bodies::validate));
    for (size_t size = 0; size < wasm.size(); ++size) {
      const test::Bytes cut(wasm.begin(), wasm.begin() + static_cast<std::ptrdiff_t>(size));
      // A cut between two sections may leave a module, one inside a section never does.
      for (const Bodies bodies : {Bodies::validate, Bodies::skip}) loads(cut, bodies);
    }
  }
}

TEST(LoadRobustness, ByteFlips) {
  std::mt19937_64 random(42);
  size_t refused = 0;
  for (const test::Bytes& wasm : victims()) {
    for (int round = 0; round < 10'000; ++round) {
      test::Bytes mutant = wasm;
      for (uint64_t flips = 1 + random() % 3; flips > 0; --flips)
        mutant[8 + random() % (wasm.size() - 8)] = std::byte(random());
      for (const Bodies bodies : {Bodies::validate, Bodies::skip}) refused += loads(mutant, bodies) ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 10'000U);
}

TEST(LoadRobustness, HugeNumbersInAnyPlace) {
  const auto huge = bytes({0xff, 0xff, 0xff, 0xff, 0x0f});
  for (const test::Bytes& wasm : victims()) {
    for (size_t at = 8; at + huge.size() < wasm.size(); ++at) {
      test::Bytes mutant = wasm;
      std::copy(huge.begin(), huge.end(), mutant.begin() + static_cast<std::ptrdiff_t>(at));
      for (const Bodies bodies : {Bodies::validate, Bodies::skip}) loads(mutant, bodies);
    }
  }
}

}  // namespace
}  // namespace instbench
