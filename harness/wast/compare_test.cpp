// Bits, NaN classes, references and messages.
#include "harness/wast/compare.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

using Kind = ScriptValue::Kind;

void some_code(void*) {}

Value number(uint64_t bits) {
  Value value;
  value.i64 = bits;
  return value;
}

Value reference(void* to) {
  Value value;
  value.externref = to;
  return value;
}

TEST(Compare, NumbersBitByBit) {
  EXPECT_TRUE(matches({Kind::bits, ValType::i32, 5}, ValType::i32, number(5)));
  EXPECT_FALSE(matches({Kind::bits, ValType::i32, 5}, ValType::i32, number(6)));
  EXPECT_TRUE(matches({Kind::bits, ValType::i32, 5}, ValType::i32, number(0xdead'beef'0000'0005)))
      << "what lies above a 32-bit value is undefined";
  EXPECT_FALSE(matches({Kind::bits, ValType::i64, 5}, ValType::i64, number(0x1'0000'0005)));
  EXPECT_FALSE(matches({Kind::bits, ValType::f64, 0}, ValType::f64, number(uint64_t{1} << 63))) << "0 and -0";
  EXPECT_FALSE(matches({Kind::bits, ValType::i32, 5}, ValType::i64, number(5))) << "another type";
  EXPECT_FALSE(matches({Kind::bits, ValType::v128, 0}, ValType::v128, number(0)));
}

TEST(Compare, NansByClass) {
  const ScriptValue canonical32{Kind::canonical_nan, ValType::f32, 0},
      arithmetic32{Kind::arithmetic_nan, ValType::f32, 0};
  const ScriptValue canonical64{Kind::canonical_nan, ValType::f64, 0},
      arithmetic64{Kind::arithmetic_nan, ValType::f64, 0};
  struct Case {
    uint64_t bits32, bits64;
    bool canonical, arithmetic;
  };
  for (const Case& c :
       {Case{0x7fc0'0000, 0x7ff8'0000'0000'0000, true, true}, Case{0xffc0'0000, 0xfff8'0000'0000'0000, true, true},
        Case{0x7fc0'0001, 0x7ff8'0000'0000'0001, false, true}, Case{0xffe0'0000, 0xfffc'0000'0000'0000, false, true},
        Case{0x7fa0'0000, 0x7ff4'0000'0000'0000, false, false},  // signalling
        Case{0x7f80'0000, 0x7ff0'0000'0000'0000, false, false},  // infinity
        Case{0x3f80'0000, 0x3ff0'0000'0000'0000, false, false}}) {
    EXPECT_EQ(matches(canonical32, ValType::f32, number(c.bits32)), c.canonical) << std::hex << c.bits32;
    EXPECT_EQ(matches(arithmetic32, ValType::f32, number(c.bits32)), c.arithmetic) << std::hex << c.bits32;
    EXPECT_EQ(matches(canonical64, ValType::f64, number(c.bits64)), c.canonical) << std::hex << c.bits64;
    EXPECT_EQ(matches(arithmetic64, ValType::f64, number(c.bits64)), c.arithmetic) << std::hex << c.bits64;
  }
  EXPECT_FALSE(matches({Kind::bits, ValType::f32, 0x7fc0'0000}, ValType::f32, number(0x7fc0'0001)));
}

TEST(Compare, References) {
  const ScriptValue null_extern{Kind::null, ValType::externref, 0}, zero{Kind::bits, ValType::externref, 0};
  const ScriptValue null_func{Kind::null, ValType::funcref, 0}, any_func{Kind::any_function, ValType::funcref, 0};
  EXPECT_TRUE(matches(null_extern, ValType::externref, reference(nullptr)));
  EXPECT_FALSE(matches(zero, ValType::externref, reference(nullptr))) << "host reference 0 is not null";
  EXPECT_TRUE(matches(zero, ValType::externref, value_of(zero)));
  EXPECT_FALSE(matches(null_extern, ValType::externref, value_of(zero)));
  EXPECT_FALSE(matches({Kind::bits, ValType::externref, 3}, ValType::externref, value_of(zero)));
  Value function;
  function.funcref = {&kNullTag, &some_code, nullptr};
  EXPECT_TRUE(matches(any_func, ValType::funcref, function));
  EXPECT_FALSE(matches(null_func, ValType::funcref, function));
  EXPECT_TRUE(matches(null_func, ValType::funcref, value_of(null_func)));
  EXPECT_FALSE(matches(any_func, ValType::funcref, value_of(null_func)));
}

TEST(Compare, ArgumentsArriveAsTheyWereWritten) {
  EXPECT_EQ(value_of({Kind::bits, ValType::i32, 0xffff'ffff}).i32, 0xffff'ffffu);
  EXPECT_EQ(value_of({Kind::bits, ValType::i64, uint64_t{1} << 63}).i64, uint64_t{1} << 63);
  EXPECT_EQ(value_of({Kind::bits, ValType::f32, 0x7f80'0001}).i32, 0x7f80'0001u) << "a signalling NaN stays one";
  EXPECT_TRUE(value_of({Kind::null, ValType::funcref, 0}).funcref.initialised()) << "null is not 'not yet looked at'";
}

TEST(Compare, TextsSayTypeAndValue) {
  EXPECT_EQ(text_of({Kind::bits, ValType::i32, 0xffff'ffff}), "i32:-1");
  EXPECT_EQ(text_of({Kind::bits, ValType::f32, 0x3fc0'0000}), "f32:0x3fc00000 (1.5)");
  EXPECT_EQ(text_of(ValType::f64, number(0xfff8'0000'0000'0001)), "f64:0xfff8000000000001 (nan)");
  EXPECT_EQ(text_of({Kind::canonical_nan, ValType::f32, 0}), "f32:nan:canonical");
  EXPECT_EQ(text_of({Kind::bits, ValType::externref, 7}), "ref.extern 7");
  EXPECT_EQ(text_of({Kind::null, ValType::externref, 0}), "ref.null");
}

TEST(Compare, MessagesMayBeginEachOther) {
  EXPECT_TRUE(same_message("uninitialized element", "uninitialized element 2"));
  EXPECT_TRUE(same_message("unknown import \"m\" \"n\"", "unknown import"));
  EXPECT_TRUE(same_message("unreachable", "unreachable"));
  EXPECT_FALSE(same_message("undefined element", "uninitialized element"));
  EXPECT_FALSE(same_message("", "unreachable"));
  EXPECT_FALSE(same_message("unreachable", ""));
}

}  // namespace
}  // namespace instbench::bench
