// Cursor: reads a range of bytes front to back, never past its end. Every failure is a LoadError that
// names the file, the offset where the value starts and what was being read. Offsets count from the
// first byte of `bytes`, also in a cursor over a part of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "runtime/module/load.hpp"

namespace instbench {

class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, const std::string& file) : Cursor(bytes, file, 0, bytes.size()) {}
  Cursor(std::span<const std::byte> bytes, const std::string& file, uint64_t begin, uint64_t end)
      : bytes_(bytes), file_(&file), at_(begin), end_(end) {}

  uint64_t at() const { return at_; }
  uint64_t end() const { return end_; }
  uint64_t remaining() const { return end_ - at_; }
  bool done() const { return at_ == end_; }

  uint8_t u8(const char* what) {
    if (done()) fail(at_, std::string("ends inside ") + what);
    return std::to_integer<uint8_t>(bytes_[at_++]);
  }

  // An unsigned LEB128 of at most 32 bits (WebAssembly 2.0, section 5.2.2): five bytes, the last below 16.
  uint32_t u32(const char* what) {
    const uint64_t begin = at_;
    uint32_t value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      if (done()) fail(begin, std::string("ends inside ") + what + " (LEB128 without its last byte)");
      const uint8_t byte = std::to_integer<uint8_t>(bytes_[at_++]);
      if (shift == 28 && (byte & 0xf0) != 0) break;
      value |= uint32_t{byte & 0x7fU} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    fail(begin, std::string(what) + " is not a 32-bit LEB128 number");
  }

  std::span<const std::byte> take(uint64_t size, const char* what) {
    if (size > remaining()) {
      fail(at_, std::string(what) + " is " + std::to_string(size) + " bytes long, but only " +
                    std::to_string(remaining()) + " are left");
    }
    at_ += size;
    return bytes_.subspan(at_ - size, size);
  }

  [[noreturn]] void fail(uint64_t offset, const std::string& reason) const { throw LoadError(*file_, offset, reason); }

 private:
  std::span<const std::byte> bytes_;
  const std::string* file_;
  uint64_t at_;
  uint64_t end_;
};

}  // namespace instbench
