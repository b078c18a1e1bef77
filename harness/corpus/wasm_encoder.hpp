// Bytes of the WebAssembly binary format (specification, chapter 5), appended to a growing buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace instbench::bench {

class WasmEncoder {
 public:
  void byte(uint8_t value) { bytes_.push_back(std::byte{value}); }
  void fill(uint64_t count, uint8_t value) { bytes_.insert(bytes_.end(), count, std::byte{value}); }
  void unsigned_leb(uint64_t value);
  void signed_leb(int64_t value);
  void name(std::string_view text);  // length, then the bytes
  void append(const WasmEncoder& other) { bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end()); }

  // Id, size, contents. An empty vector section is left out by the caller.
  void section(uint8_t id, const WasmEncoder& contents);

  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace instbench::bench
