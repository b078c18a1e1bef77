#include "harness/corpus/wasm_encoder.hpp"

namespace instbench::bench {

void WasmEncoder::unsigned_leb(uint64_t value) {
  while (value >= 0x80) {
    byte(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  byte(static_cast<uint8_t>(value));
}

void WasmEncoder::signed_leb(int64_t value) {
  for (;;) {
    const auto low = static_cast<uint8_t>(value & 0x7f);
    value >>= 7;  // arithmetic: C++20 defines it so
    const bool sign = (low & 0x40) != 0;
    if ((value == 0 && !sign) || (value == -1 && sign)) return byte(low);
    byte(static_cast<uint8_t>(low | 0x80));
  }
}

void WasmEncoder::name(std::string_view text) {
  unsigned_leb(text.size());
  for (const char c : text) byte(static_cast<uint8_t>(c));
}

void WasmEncoder::section(uint8_t id, const WasmEncoder& contents) {
  byte(id);
  unsigned_leb(contents.bytes_.size());
  append(contents);
}

}  // namespace instbench::bench
