#include "harness/wast/compare.hpp"

#include <bit>
#include <cmath>
#include <cstdio>

namespace instbench::bench {
namespace {

constexpr uint32_t kQuiet32 = 0x7fc0'0000;  // exponent and quiet bit
constexpr uint64_t kQuiet64 = 0x7ff8'0000'0000'0000;
constexpr uint32_t kSign32 = 0x8000'0000;
constexpr uint64_t kSign64 = 0x8000'0000'0000'0000;

uint64_t bits_of(ValType type, const Value& value) {
  return type == ValType::i32 || type == ValType::f32 ? value.i32 : value.i64;
}

std::string hex(uint64_t bits) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(bits));
  return text;
}

std::string float_text(double value, uint64_t bits) {
  char text[48];
  std::snprintf(text, sizeof text, "%.17g", value);
  return hex(bits) + " (" + (std::isnan(value) ? "nan" : text) + ")";
}

std::string number_text(ValType type, uint64_t bits) {
  const std::string name = std::string(name_of(type)) + ":";
  const auto low = static_cast<uint32_t>(bits);
  if (type == ValType::i32) return name + std::to_string(static_cast<int32_t>(low));
  if (type == ValType::i64) return name + std::to_string(static_cast<int64_t>(bits));
  if (type == ValType::f32) return name + float_text(std::bit_cast<float>(low), low);
  if (type == ValType::f64) return name + float_text(std::bit_cast<double>(bits), bits);
  return name + "?";
}

bool is_reference(ValType type) { return type == ValType::funcref || type == ValType::externref; }

bool is_null(ValType type, const Value& value) {
  return type == ValType::funcref ? value.funcref.is_null() : value.externref == nullptr;
}

bool nan_matches(ScriptValue::Kind kind, ValType type, uint64_t bits) {
  const bool narrow = type == ValType::f32;
  const uint64_t quiet = narrow ? kQuiet32 : kQuiet64;
  if (kind == ScriptValue::Kind::arithmetic_nan) return (bits & quiet) == quiet;
  return (bits & ~(narrow ? kSign32 : kSign64)) == quiet;
}

}  // namespace

Value value_of(const ScriptValue& argument) {
  Value value;
  if (argument.kind == ScriptValue::Kind::null) {
    if (argument.type == ValType::funcref)
      value.funcref = null_ref();
    else
      value.externref = nullptr;
  } else if (argument.type == ValType::externref) {
    value.externref = reinterpret_cast<void*>(argument.bits + 1);
  } else if (argument.type == ValType::i32 || argument.type == ValType::f32) {
    value.i32 = static_cast<uint32_t>(argument.bits);
  } else {
    value.i64 = argument.bits;
  }
  return value;
}

bool matches(const ScriptValue& expected, ValType type, const Value& got) {
  if (expected.type != type || type == ValType::v128) return false;
  switch (expected.kind) {
    case ScriptValue::Kind::null:
      return is_null(type, got);
    case ScriptValue::Kind::any_function:
      return !is_null(type, got);
    case ScriptValue::Kind::canonical_nan:
    case ScriptValue::Kind::arithmetic_nan:
      return nan_matches(expected.kind, type, bits_of(type, got));
    case ScriptValue::Kind::bits:
      break;
  }
  if (type == ValType::externref) return got.externref == value_of(expected).externref;
  return bits_of(type, got) == expected.bits;
}

std::string text_of(const ScriptValue& expected) {
  switch (expected.kind) {
    case ScriptValue::Kind::null:
      return "ref.null";
    case ScriptValue::Kind::any_function:
      return "ref.func";
    case ScriptValue::Kind::canonical_nan:
      return std::string(name_of(expected.type)) + ":nan:canonical";
    case ScriptValue::Kind::arithmetic_nan:
      return std::string(name_of(expected.type)) + ":nan:arithmetic";
    case ScriptValue::Kind::bits:
      break;
  }
  return text_of(expected.type, value_of(expected));
}

std::string text_of(ValType type, const Value& got) {
  if (!is_reference(type)) return number_text(type, bits_of(type, got));
  if (is_null(type, got)) return "ref.null";
  if (type == ValType::funcref) return "ref.func";
  return "ref.extern " + std::to_string(reinterpret_cast<uintptr_t>(got.externref) - 1);
}

bool same_message(std::string_view ours, std::string_view expected) {
  if (ours.empty() || expected.empty()) return false;
  return ours.starts_with(expected) || expected.starts_with(ours);
}

}  // namespace instbench::bench
