// The outermost structure of a WebAssembly file: preamble, then sections. Walked before libwabt sees the
// bytes, so that a file which is not a module, is cut short, or has its sections in the wrong order is
// refused with the place and the reason. Costs nothing measurable: only section headers are read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/module/load.hpp"

namespace instbench {

namespace section_id {
inline constexpr uint8_t kCustom = 0;
inline constexpr uint8_t kElement = 9;
inline constexpr uint8_t kData = 11;
}  // namespace section_id

struct Section {
  uint8_t id = 0;
  uint64_t begin = 0;  // of the contents
  uint64_t size = 0;
};

inline constexpr uint64_t kPreambleBytes = 8;

// Throws LoadError unless the bytes start like a WebAssembly file of either layer.
void check_magic(std::span<const std::byte> bytes, const std::string& file);

// The sections of a core module, in file order, each wholly inside the file, known, in the order of
// WebAssembly 2.0 section 5.5.2 (with the tag section of the exception proposal) and at most once.
std::vector<Section> core_sections(std::span<const std::byte> bytes, const std::string& file);

}  // namespace instbench
