// Shape: the facts of a module that decide what its instantiation costs, as a small text file, and
// back. A module built from a shape has the original's types, imports, exports, limits, segment layout,
// zero runs, element layout, globals and function count, and its code writes the same tables; it has none of its code
// (bodies are `unreachable`, the start function's is empty), none of its data (non-zero bytes become 0xA5) and none
// of its names. The format is specified in corpus/README.md.
//
// Invariant: extract(load(build(text))) == text for every text that extract() made, so a shape file says
// all that it means. Pure: no files, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/module/module.hpp"

namespace instbench::bench {

// A shape that cannot be read. what() is one line: "FILE:LINE: reason".
struct ShapeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Zero runs shorter than this are not recorded: their bytes become 0xA5 like their neighbours.
inline constexpr uint64_t kShortestZeroRun = 32;

// The shape of a loaded module, as text. REQUIRES: its bodies were read (Bodies::validate).
std::string extract_shape(const Module& module);

// A wasm module from a shape. `file` is used in messages only. Throws ShapeError.
std::vector<std::byte> build_shape(std::string_view text, const std::string& file);

}  // namespace instbench::bench
