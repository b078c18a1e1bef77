#include "harness/protocol/call_literal.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace instbench::bench {
namespace {

constexpr std::array<std::string_view, 4> kNumberTypes{"i32", "i64", "f32", "f64"};
constexpr std::array<std::string_view, 9> kAccesses{"i8", "u8", "i16", "u16", "i32", "u32", "i64", "f32", "f64"};

template <typename Enum, size_t N>
std::optional<Enum> found_in(const std::array<std::string_view, N>& names, std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

[[noreturn]] void does_not_fit(const Literal& literal, std::string_view type) {
  throw GrammarError(literal_text(literal) + " does not fit " + std::string(type));
}

// -1 and all ones are the same bits; anything from the least signed to the greatest unsigned number fits.
uint64_t integer_bits(const Literal& literal, uint32_t width, std::string_view type) {
  const uint64_t ones = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
  if (const auto* positive = std::get_if<uint64_t>(&literal.value)) {
    if (*positive > ones) does_not_fit(literal, type);
    return *positive;
  }
  const auto* negative = std::get_if<int64_t>(&literal.value);
  if (!negative || (width < 64 && *negative < -(int64_t{1} << (width - 1)))) does_not_fit(literal, type);
  return static_cast<uint64_t>(*negative) & ones;
}

double float_value(const Literal& literal) {
  return std::visit([](auto value) { return static_cast<double>(value); }, literal.value);
}

std::optional<Literal> integer_from_text(std::string_view digits, bool negative) {
  const bool hex = digits.starts_with("0x");
  if (hex) digits.remove_prefix(2);
  uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, hex ? 16 : 10);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (!negative || magnitude == 0) return Literal{magnitude, {}};
  if (magnitude > uint64_t{1} << 63) return std::nullopt;
  return Literal{static_cast<int64_t>(~magnitude + 1), {}};
}

}  // namespace

std::string name_of(NumberType type) { return std::string(kNumberTypes[static_cast<size_t>(type)]); }
std::string name_of(Access access) { return std::string(kAccesses[static_cast<size_t>(access)]); }
std::optional<NumberType> number_type(std::string_view name) { return found_in<NumberType>(kNumberTypes, name); }
std::optional<Access> access_type(std::string_view name) { return found_in<Access>(kAccesses, name); }

uint32_t size_of(Access access) {
  constexpr std::array<uint32_t, 9> kSizes{1, 1, 2, 2, 4, 4, 8, 4, 8};
  return kSizes[static_cast<size_t>(access)];
}

NumberType value_type(Access access) {
  switch (access) {
    case Access::i64:
      return NumberType::i64;
    case Access::f32:
      return NumberType::f32;
    case Access::f64:
      return NumberType::f64;
    default:
      return NumberType::i32;
  }
}

uint64_t bits_of(const Literal& literal, NumberType type) {
  if (literal.type && *literal.type != type) {
    throw GrammarError(literal_text(literal) + name_of(*literal.type) + " is given where the type is " + name_of(type));
  }
  switch (type) {
    case NumberType::i32:
      return integer_bits(literal, 32, "i32");
    case NumberType::i64:
      return integer_bits(literal, 64, "i64");
    case NumberType::f32:
      return std::bit_cast<uint32_t>(static_cast<float>(float_value(literal)));
    case NumberType::f64:
      return std::bit_cast<uint64_t>(float_value(literal));
  }
  return 0;
}

uint64_t bits_of(const Literal& literal, Access access) {
  const NumberType type = value_type(access);
  if (type != NumberType::i32) return bits_of(literal, type);
  return integer_bits(literal, 8 * size_of(access), name_of(access));
}

bool is_nan(uint64_t bits, NumberType type) {
  if (type == NumberType::f32) return std::isnan(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  return type == NumberType::f64 && std::isnan(std::bit_cast<double>(bits));
}

std::optional<Literal> literal_from_text(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = negative ? text.substr(1) : text;
  if (digits == "inf" || digits == "nan") {
    const double value =
        digits == "inf" ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    return Literal{negative ? -value : value, {}};
  }
  if (digits.empty() || digits.front() < '0' || digits.front() > '9') return std::nullopt;
  if (const auto integer = integer_from_text(digits, negative)) return integer;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!whole || digits.find_first_of(".eE") == digits.npos) return std::nullopt;  // an integer too big for 64 bits
  return Literal{negative ? -value : value, {}};
}

std::string literal_text(const Literal& literal) {
  if (const auto* positive = std::get_if<uint64_t>(&literal.value)) return std::to_string(*positive);
  if (const auto* negative = std::get_if<int64_t>(&literal.value)) return std::to_string(*negative);
  const double value = std::get<double>(literal.value);
  if (std::isnan(value)) return std::signbit(value) ? "-nan" : "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), end);
  return text.find_first_of(".e") == text.npos ? text + ".0" : text;
}

}  // namespace instbench::bench
