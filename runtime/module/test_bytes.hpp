// For tests: WebAssembly binaries put together by hand, where WAT cannot say what is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/module/load.hpp"

namespace instbench::test {

using Bytes = std::vector<std::byte>;

inline Bytes bytes(std::initializer_list<int> values) {
  Bytes result;
  for (const int v : values) result.push_back(std::byte(static_cast<uint8_t>(v)));
  return result;
}

inline Bytes bytes(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes result;
  for (const Bytes& part : parts) result.insert(result.end(), part.begin(), part.end());
  return result;
}

inline Bytes leb(uint64_t value) {
  Bytes result;
  do {
    result.push_back(std::byte(static_cast<uint8_t>((value & 0x7f) | (value > 0x7f ? 0x80 : 0))));
    value >>= 7;
  } while (value != 0);
  return result;
}

inline Bytes section(int id, const Bytes& contents) { return join({bytes({id}), leb(contents.size()), contents}); }
inline Bytes preamble() { return bytes({0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00}); }
inline Bytes component_preamble() { return bytes({0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00}); }

inline Bytes module(std::initializer_list<Bytes> sections) { return join({preamble(), join(sections)}); }

inline std::shared_ptr<const Module> load_wat(const std::string& text) {
  return load(assemble_wat(text, "test.wat"), "test.wasm", Bodies::validate);
}

// What load says about bytes it must refuse; empty when it takes them.
inline std::string refusal(const Bytes& wasm, Bodies bodies = Bodies::validate) {
  try {
    load(wasm, "f.wasm", bodies);
  } catch (const LoadError& error) {
    return error.what();
  }
  return {};
}

inline std::string wat_refusal(const std::string& text) {
  try {
    assemble_wat(text, "f.wat");
  } catch (const LoadError& error) {
    return error.what();
  }
  return {};
}

}  // namespace instbench::test
