// The two halves of the shape format: text and facts. Internal to shape.cpp, its tests and no one else.
//
// A Shape reuses Module for its facts: names are m0…, i0…, e0… or empty, `data_bytes` is empty and a data
// segment's `begin` means nothing; what the bytes look like is in `zero_runs`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/corpus/shape.hpp"
#include "runtime/module/module.hpp"

namespace instbench::bench {

// Zero bytes inside a segment, counted from the segment's start. Ascending, apart, not empty.
struct ZeroRun {
  uint64_t begin = 0;
  uint64_t size = 0;
  bool operator==(const ZeroRun&) const = default;
};

struct Shape {
  Module module;
  std::vector<std::vector<ZeroRun>> zero_runs;  // one list per data segment
};

// Limits on what a text may ask for, so that a typing error is a message and not an exhausted machine.
// 100,000 segments, 1,000,000 functions, types, imports and exports are what JavaScript engines take.
inline constexpr uint64_t kMostItems = 1'000'000;
inline constexpr uint64_t kMostEntries = 10'000'000;  // of all element segments together
inline constexpr uint64_t kMostDataBytes = 256ull << 20;

Shape facts_of(const Module& module);
std::string write_shape(const Shape& shape);
Shape parse_shape(std::string_view text, const std::string& file);
std::vector<std::byte> encode_shape(const Shape& shape);

// One letter per value type: i I f F v r x.
char letter_of(ValType type);
inline constexpr std::string_view kTypeLetters = "iIfFvrx";

}  // namespace instbench::bench
