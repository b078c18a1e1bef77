#include "runtime/module/sections.hpp"

#include <wabt/utf8.h>

#include <algorithm>
#include <array>

#include "runtime/module/cursor.hpp"

namespace instbench {
namespace {

constexpr std::array<uint8_t, 4> kMagic = {0x00, 0x61, 0x73, 0x6d};
constexpr std::array<uint8_t, 4> kCoreVersion = {0x01, 0x00, 0x00, 0x00};

// Position of each section id in the required order; 0 for the custom section, which may stand anywhere.
struct KnownSection {
  const char* name;
  int order;
};
constexpr std::array<KnownSection, 14> kKnown = {{{"custom", 0},
                                                  {"type", 1},
                                                  {"import", 2},
                                                  {"function", 3},
                                                  {"table", 4},
                                                  {"memory", 5},
                                                  {"global", 7},
                                                  {"export", 8},
                                                  {"start", 9},
                                                  {"element", 10},
                                                  {"code", 12},
                                                  {"data", 13},
                                                  {"data count", 11},
                                                  {"tag", 6}}};

std::string hex_byte(std::byte value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto v = std::to_integer<unsigned>(value);
  return {kDigits[v >> 4], kDigits[v & 15]};
}

std::string first_bytes(std::span<const std::byte> bytes) {
  std::string hex, text;
  for (const std::byte b : bytes.first(std::min<size_t>(bytes.size(), 8))) {
    hex += (hex.empty() ? "" : " ") + hex_byte(b);
    const char c = std::to_integer<char>(b);
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  return hex + " \"" + text + "\"";
}

void check_custom_name(Cursor section) {
  const uint64_t begin = section.at();
  const auto name = section.take(section.u32("custom section name length"), "custom section name");
  if (!wabt::IsValidUtf8(reinterpret_cast<const char*>(name.data()), name.size())) {
    section.fail(begin, "custom section name is not UTF-8");
  }
}

}  // namespace

void check_magic(std::span<const std::byte> bytes, const std::string& file) {
  if (bytes.empty()) throw LoadError(file, std::nullopt, "the file is empty, not a WebAssembly module");
  const size_t compared = std::min(bytes.size(), kMagic.size());
  const auto same = [](std::byte a, uint8_t b) { return std::to_integer<uint8_t>(a) == b; };
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(compared), kMagic.begin(), same)) {
    throw LoadError(file, std::nullopt,
                    "not a WebAssembly module: starts with " + first_bytes(bytes) +
                        " instead of 00 61 73 6d; give a .wasm file, or text in a file named *.wat");
  }
  if (bytes.size() < kPreambleBytes) {
    throw LoadError(file, bytes.size(), "ends inside the 8-byte preamble: the file is cut short");
  }
}

std::vector<Section> core_sections(std::span<const std::byte> bytes, const std::string& file) {
  check_magic(bytes, file);
  for (size_t i = 0; i < kCoreVersion.size(); ++i) {
    if (std::to_integer<uint8_t>(bytes[4 + i]) == kCoreVersion[i]) continue;
    throw LoadError(
        file, 4,
        "binary format version " + first_bytes(bytes.subspan(4, 4)) + " is unknown; a core module has 01 00 00 00");
  }
  std::vector<Section> sections;
  Cursor cursor(bytes, file, kPreambleBytes, bytes.size());
  int last_order = 0;
  const char* last_name = "";
  while (!cursor.done()) {
    const uint64_t header = cursor.at();
    const uint8_t id = cursor.u8("section id");
    if (id >= kKnown.size()) cursor.fail(header, "unknown section id " + std::to_string(id));
    const KnownSection& known = kKnown[id];
    const uint32_t size = cursor.u32("section size");
    const uint64_t begin = cursor.at();
    cursor.take(size, (std::string(known.name) + " section").c_str());
    if (known.order == 0) {
      check_custom_name(Cursor(bytes, file, begin, begin + size));
    } else if (known.order <= last_order) {
      cursor.fail(header, known.order == last_order ? std::string("second ") + known.name + " section"
                                                    : std::string(known.name) + " section after the " + last_name +
                                                          " section: sections are out of order");
    } else {
      last_order = known.order;
      last_name = known.name;
    }
    sections.push_back({id, begin, size});
  }
  return sections;
}

}  // namespace instbench
