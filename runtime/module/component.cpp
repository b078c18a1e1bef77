// Components (the component model's binary format, layer 1) and the core modules inside them.
#include <array>

#include "runtime/module/cursor.hpp"
#include "runtime/module/load.hpp"
#include "runtime/module/sections.hpp"

namespace instbench {
namespace {

// Component section ids (component-model/design/mvp/Binary.md).
constexpr uint8_t kCoreModuleSection = 1;
constexpr uint8_t kComponentSection = 4;
// Real components nest two or three deep; the walk recurses, so the depth must be bounded.
constexpr int kMaxNesting = 64;

void collect(std::span<const std::byte> bytes, const std::string& file, uint64_t begin, uint64_t end, int depth,
             std::vector<CoreModule>& found) {
  Cursor cursor(bytes, file, begin, end);
  if (depth > kMaxNesting) cursor.fail(begin, "components nested more than " + std::to_string(kMaxNesting) + " deep");
  if (!is_component(bytes.subspan(begin, end - begin))) {
    cursor.fail(begin, "nested component does not start with 00 61 73 6d 0d 00 01 00");
  }
  cursor.take(kPreambleBytes, "preamble");
  while (!cursor.done()) {
    const uint8_t id = cursor.u8("component section id");
    const uint32_t size = cursor.u32("component section size");
    const uint64_t at = cursor.at();
    cursor.take(size, "component section");
    if (id == kCoreModuleSection) found.push_back({at, size});
    if (id == kComponentSection) collect(bytes, file, at, at + size, depth + 1, found);
  }
}

}  // namespace

bool is_component(std::span<const std::byte> bytes) {
  static constexpr std::array<uint8_t, 8> kPreamble = {0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};
  if (bytes.size() < kPreamble.size()) return false;
  for (size_t i = 0; i < kPreamble.size(); ++i) {
    if (std::to_integer<uint8_t>(bytes[i]) != kPreamble[i]) return false;
  }
  return true;
}

std::vector<CoreModule> core_modules(std::span<const std::byte> bytes, const std::string& file) {
  check_magic(bytes, file);
  if (!is_component(bytes)) return {{0, bytes.size()}};
  std::vector<CoreModule> found;
  collect(bytes, file, 0, bytes.size(), 0, found);
  return found;
}

}  // namespace instbench
