// GuestMemory: the caller's linear memory as host functions see it: every access says whether it is within.
//
// An address is a u32, a length at most 64 bits: no sum of the two is ever formed before it is known to fit.
// Any alignment is taken. Valid for one call: the guest may grow its memory afterwards.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "runtime/os/open_file.hpp"
#include "runtime/wasi/abi.hpp"

namespace instbench::wasi {

// What one fd_read or fd_write moves. Empty buffers are left out; beyond kMostBuffers it is a short transfer.
struct Buffers {
  std::array<os::Range, os::kMostBuffers> ranges;
  size_t count = 0;
  std::span<const os::Range> span() const { return {ranges.data(), count}; }
};

class GuestMemory {
 public:
  explicit GuestMemory(std::span<std::byte> bytes) : bytes_(bytes) {}

  bool holds(uint32_t at, uint64_t length) const { return length <= bytes_.size() && at <= bytes_.size() - length; }
  // REQUIRES: holds(at, length).
  std::span<std::byte> span(uint32_t at, uint64_t length) const { return bytes_.subspan(at, length); }

  // False: out of bounds, nothing was touched.
  template <typename T>
  [[nodiscard]] bool read(uint32_t at, T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!holds(at, sizeof(T))) return false;
    std::memcpy(&value, bytes_.data() + at, sizeof(T));
    return true;
  }
  template <typename T>
  [[nodiscard]] bool write(uint32_t at, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!holds(at, sizeof(T))) return false;
    std::memcpy(bytes_.data() + at, &value, sizeof(T));
    return true;
  }
  [[nodiscard]] bool write_bytes(uint32_t at, std::string_view text) const {
    if (!holds(at, text.size())) return false;
    if (!text.empty()) std::memcpy(bytes_.data() + at, text.data(), text.size());
    return true;
  }

  // A path: at most PATH_MAX (4,096 with its end, path_resolution(7)) and without a NUL, or nametoolong, inval.
  Errno read_path(uint32_t at, uint32_t length, std::string& path) const;
  // `count` iovecs at `at`. fault unless all of them are within, inval when their sum exceeds what a size can say.
  Errno read_buffers(uint32_t at, uint32_t count, Buffers& buffers) const;

 private:
  std::span<std::byte> bytes_;
};

}  // namespace instbench::wasi
