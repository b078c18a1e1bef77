#include "runtime/module/element_globals.hpp"

#include <algorithm>
#include <string>

#include "runtime/module/cursor.hpp"

namespace instbench {
namespace {

namespace op {
constexpr uint8_t kEnd = 0x0b, kGlobalGet = 0x23, kI32Const = 0x41, kI64Const = 0x42;
constexpr uint8_t kI32Add = 0x6a, kI32Mul = 0x6c, kI64Add = 0x7c, kI64Mul = 0x7e;
constexpr uint8_t kRefNull = 0xd0, kRefFunc = 0xd2;
}  // namespace op

constexpr uint8_t kFuncref = 0x70, kExternref = 0x6f;

// Element segment flags (WebAssembly 2.0, section 5.5.12).
constexpr uint32_t kPassive = 1, kExplicit = 2, kExpressions = 4, kLargestFlags = 7;

struct Found {
  ElementGlobal entry;
  uint64_t operand = 0;  // where the global's index starts
  uint64_t operand_bytes = 0;
  uint8_t type = kFuncref;
};

class ElementWalk {
 public:
  explicit ElementWalk(Cursor section) : in_(section) {}

  const std::vector<Found>& found() const { return found_; }

  void run() {
    const uint32_t count = in_.u32("count");
    for (uint32_t segment = 0; segment < count && this->segment(segment); ++segment) {
    }
  }

 private:
  bool segment(uint32_t segment) {
    const uint32_t flags = in_.u32("flags");
    if (flags > kLargestFlags) return false;
    const bool active = (flags & kPassive) == 0;
    if (active && (flags & kExplicit) != 0) in_.u32("table");
    if (active && !skip_constant()) return false;
    uint8_t type = kFuncref;
    if ((flags & (kPassive | kExplicit)) != 0) {
      const uint8_t kind = in_.u8("type");
      if ((flags & kExpressions) != 0) type = kind;
    }
    if (type != kFuncref && type != kExternref) return false;
    const uint32_t entries = in_.u32("entries");
    for (uint32_t entry = 0; entry < entries; ++entry) {
      if ((flags & kExpressions) == 0) {
        in_.u32("function");
      } else if (!expression(segment, entry, type)) {
        return false;
      }
    }
    return true;
  }

  bool expression(uint32_t segment, uint32_t entry, uint8_t type) {
    const uint64_t offset = in_.at();
    const uint8_t opcode = in_.u8("opcode");
    if (opcode != op::kGlobalGet && opcode != op::kRefNull && opcode != op::kRefFunc) return false;
    const uint64_t operand = in_.at();
    const uint32_t index = in_.u32("operand");
    const uint64_t operand_bytes = in_.at() - operand;
    if (in_.u8("end") != op::kEnd) return false;
    if (opcode == op::kGlobalGet) found_.push_back({{segment, entry, index, offset}, operand, operand_bytes, type});
    return true;
  }

  // An offset expression: constants, globals and the arithmetic of the extended-const proposal.
  bool skip_constant() {
    for (;;) {
      const uint8_t opcode = in_.u8("opcode");
      const bool arithmetic =
          (opcode >= op::kI32Add && opcode <= op::kI32Mul) || (opcode >= op::kI64Add && opcode <= op::kI64Mul);
      if (opcode == op::kEnd) return true;
      if (opcode == op::kI32Const || opcode == op::kI64Const || opcode == op::kGlobalGet) {
        while ((in_.u8("operand") & 0x80) != 0) {
        }
      } else if (!arithmetic) {
        return false;
      }
    }
  }

  Cursor in_;
  std::vector<Found> found_;
};

// `ref.null type` in the place of `global.get index`: the type is a signed LEB128, so 0x70 may be written
// over any number of bytes by repeating its sign.
void write_null(std::vector<std::byte>& bytes, const Found& found) {
  bytes[found.entry.offset] = std::byte{op::kRefNull};
  for (uint64_t i = 0; i < found.operand_bytes; ++i) {
    const bool last = i + 1 == found.operand_bytes;
    const uint8_t low7 = i == 0 ? found.type : 0x7f;
    bytes[found.operand + i] = std::byte(last ? low7 : low7 | 0x80U);
  }
}

}  // namespace

ElementGlobals find_element_globals(std::span<const std::byte> bytes, const std::vector<Section>& sections) {
  const auto section =
      std::find_if(sections.begin(), sections.end(), [](const Section& s) { return s.id == section_id::kElement; });
  if (section == sections.end()) return {};
  const std::string unnamed;
  ElementWalk walk(Cursor(bytes, unnamed, section->begin, section->begin + section->size));
  try {
    walk.run();
  } catch (const LoadError&) {
    // Malformed: wabt will say where and why.
  }
  ElementGlobals result;
  if (walk.found().empty()) return result;
  result.bytes.assign(bytes.begin(), bytes.end());
  for (const Found& found : walk.found()) {
    result.found.push_back(found.entry);
    write_null(result.bytes, found);
  }
  return result;
}

}  // namespace instbench
