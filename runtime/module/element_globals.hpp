// Element entries that read a global: `global.get g` as an element expression (WebAssembly 2.0, section
// 5.5.12), which libwabt 1.0.32 cannot read. They are found here and handed to wabt as `ref.null`, byte
// for byte as long, so that every offset wabt reports stays true; the module reader puts them back and
// has them validated. Modules without such entries (nearly all) are not copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/module/sections.hpp"

namespace instbench {

struct ElementGlobal {
  uint32_t segment = 0;
  uint32_t entry = 0;
  uint32_t global = 0;
  uint64_t offset = 0;  // of the global.get
};

struct ElementGlobals {
  std::vector<ElementGlobal> found;  // in file order
  std::vector<std::byte> bytes;      // what wabt may read instead; empty when nothing was found
};

// Stops without complaint at anything it does not understand: wabt then meets the same bytes and names
// what is wrong with them.
ElementGlobals find_element_globals(std::span<const std::byte> bytes, const std::vector<Section>& sections);

}  // namespace instbench
