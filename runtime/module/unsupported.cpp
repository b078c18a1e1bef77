#include "runtime/module/unsupported.hpp"

#include <cstdlib>
#include <string_view>

namespace instbench {
namespace {

constexpr const char* kGc = "garbage collection (GC) types";
constexpr const char* kFunctionReferences = "typed function references";
constexpr const char* kExnref = "exception references (exnref, try_table)";

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Value and reference types of WebAssembly 3.0, sections 5.3.2 to 5.3.5.
const char* feature_of_type(uint8_t byte) {
  switch (byte) {
    case 0x69:
    case 0x74:
      return kExnref;  // exnref, noexn
    case 0x6a:
    case 0x6b:
    case 0x6c:
    case 0x6d:
    case 0x6e:
      return kGc;  // array, struct, i31, eq, any
    case 0x71:
    case 0x72:
    case 0x73:
      return kGc;  // none, noextern, nofunc
    case 0x63:
    case 0x64:
      return "typed function references or garbage collection (GC) types";
    default:
      return nullptr;
  }
}

const char* feature_of_type_form(uint8_t byte) {
  switch (byte) {
    case 0x5e:
    case 0x5f:
    case 0x50:
    case 0x4f:
    case 0x4e:
      return kGc;  // array, struct, sub, sub final, rec
    case 0x5d:
      return "stack switching";  // cont
    default:
      return nullptr;
  }
}

// First byte of an instruction, and the one after a 0xfc prefix.
const char* feature_of_opcode(uint8_t byte, uint8_t second) {
  if (byte == 0x0a || byte == 0x1f) return kExnref;  // throw_ref, try_table
  if (byte == 0x14 || byte == 0x15 || byte == 0xd4 || byte == 0xd5 || byte == 0xd6) return kFunctionReferences;
  if (byte == 0xd3 || byte == 0xfb) return kGc;  // ref.eq, GC prefix
  if (byte >= 0xe0 && byte <= 0xe6) return "stack switching";
  if (byte == 0xfc && second >= 0x13 && second <= 0x16) return "wide arithmetic";
  if (byte == 0xfe) return "an unknown atomic instruction (shared-everything threads?)";
  return nullptr;
}

// "unexpected opcode: 0xfc 0x13"
const char* feature_of_opcode_message(const std::string& message) {
  const size_t colon = message.rfind(": 0x");
  if (colon == std::string::npos) return nullptr;
  char* end = nullptr;
  const unsigned long first = std::strtoul(message.c_str() + colon + 2, &end, 16);
  const unsigned long second = std::strtoul(end, nullptr, 16);
  return feature_of_opcode(static_cast<uint8_t>(first), static_cast<uint8_t>(second));
}

const char* classify(const std::string& message, std::optional<uint8_t> last_byte_read) {
  if (contains(message, "unexpected opcode")) return feature_of_opcode_message(message);
  if (contains(message, "tables may not be 64-bit")) return "64-bit tables";
  if (contains(message, "malformed memory limits flag")) return "custom page sizes";
  if (contains(message, "initializer expression can only reference an imported global")) {
    return "a constant expression that reads one of the module's own globals (WebAssembly 3.0)";
  }
  if (!last_byte_read) return nullptr;
  if (contains(message, "table elem type") && *last_byte_read == 0x40) return "tables with an initial value";
  if (contains(message, "type form")) return feature_of_type_form(*last_byte_read);
  if (contains(message, "type")) return feature_of_type(*last_byte_read);
  return nullptr;
}

}  // namespace

std::optional<std::string> unsupported_feature(const std::string& wabt_message, std::optional<uint64_t> offset,
                                               std::span<const std::byte> bytes) {
  std::optional<uint8_t> last_byte_read;
  if (offset && *offset > 0 && *offset <= bytes.size()) last_byte_read = std::to_integer<uint8_t>(bytes[*offset - 1]);
  const char* feature = classify(wabt_message, last_byte_read);
  return feature == nullptr ? std::nullopt : std::optional<std::string>(feature);
}

}  // namespace instbench
