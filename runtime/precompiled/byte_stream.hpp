// Flat little-endian bytes: written by appending, read back with every length checked first.
//
// A reader never trusts a number: count() refuses one that the bytes left cannot hold, so nothing large is allocated
// for a damaged file, and each enum and flag is checked by whoever reads it. Throws CorruptBytes, and reads past the
// end of nothing. Values are copied as this machine holds them: caches are not carried between machines.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace instbench {

static_assert(std::endian::native == std::endian::little);

// Not what was written. what() says where and why, in one line without the file's name.
struct CorruptBytes : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class ByteWriter {
 public:
  template <typename Number>
  void number(Number value) {
    static_assert(std::is_arithmetic_v<Number> || std::is_enum_v<Number>);
    append(&value, sizeof value);
  }
  // Numbers only: a struct with padding would write bytes that nobody set.
  template <typename Number>
  void numbers(const std::vector<Number>& values) {
    number<uint64_t>(values.size());
    raw(std::as_bytes(std::span(values)));
  }
  void text(std::string_view text) {
    number<uint64_t>(text.size());
    raw(std::as_bytes(std::span(text)));
  }
  void raw(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void reserve(size_t bytes) { bytes_.reserve(bytes); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  // Not inlined: GCC 12 sees overflows in a vector's growth that are not there (bug 105651's kind).
  [[gnu::noinline]] void append(const void* from, size_t size) {
    const auto* at = static_cast<const std::byte*>(from);
    bytes_.insert(bytes_.end(), at, at + size);
  }
  std::vector<std::byte> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : all_(bytes.size()), left_(bytes) {}

  template <typename Number>
  Number number() {
    static_assert(std::is_arithmetic_v<Number>);
    Number value;
    std::memcpy(&value, raw(sizeof value).data(), sizeof value);
    return value;
  }
  // An enum that ends with `last`.
  template <typename Enum>
  Enum one_of(Enum last) {
    const auto value = number<std::underlying_type_t<Enum>>();
    if (value > static_cast<std::underlying_type_t<Enum>>(last)) fail("a kind that does not exist");
    return static_cast<Enum>(value);
  }
  bool flag() {
    const auto value = number<uint8_t>();
    if (value > 1) fail("a flag that is neither 0 nor 1");
    return value == 1;
  }
  // How many items follow, each at least `item_bytes` long.
  size_t count(size_t item_bytes) {
    const auto items = number<uint64_t>();
    if (items > left_.size() / item_bytes) fail("more items than there are bytes");
    return items;
  }
  // An index below `limit`.
  uint32_t index(uint64_t limit) {
    const auto value = number<uint32_t>();
    if (value >= limit) fail("an index out of range");
    return value;
  }
  std::string text() {
    const auto bytes = raw(count(1));
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::span<const std::byte> raw(size_t bytes) {
    if (bytes > left_.size()) fail("it ends too early");
    const auto taken = left_.first(bytes);
    left_ = left_.subspan(bytes);
    return taken;
  }
  bool at_end() const { return left_.empty(); }
  [[noreturn]] void fail(const std::string& why) const {
    throw CorruptBytes("byte " + std::to_string(all_ - left_.size()) + ": " + why);
  }

 private:
  size_t all_;
  std::span<const std::byte> left_;
};

}  // namespace instbench
