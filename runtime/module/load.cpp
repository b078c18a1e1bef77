// One core module: own section walk, then one pass of libwabt's reader with the validator behind it.
#include "runtime/module/load.hpp"

#include <wabt/binary-reader.h>

#include <algorithm>

#include "runtime/module/module_reader.hpp"
#include "runtime/module/sections.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/module/unsupported.hpp"
#include "runtime/module/wabt_features.hpp"

namespace instbench {
namespace {

std::string message(const std::string& file, std::optional<uint64_t> offset, const std::string& reason) {
  if (!offset) return file + ": " + reason;
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (uint64_t rest = *offset; rest != 0 || hex.empty(); rest >>= 4) hex.insert(hex.begin(), kDigits[rest & 15]);
  return file + ": offset 0x" + hex + ": " + reason;
}

[[noreturn]] void refuse_component(std::span<const std::byte> bytes, const std::string& file) {
  const std::vector<CoreModule> modules = core_modules(bytes, file);
  if (modules.empty()) throw LoadError(file, std::nullopt, "this is a component without any core module inside");
  std::string list;
  for (size_t i = 0; i < modules.size(); ++i) {
    list += (i == 0 ? "#" : ", #") + std::to_string(i) + " (" + std::to_string(modules[i].size) + " bytes)";
  }
  throw LoadError(file, std::nullopt,
                  "this is a component, not a core module; name one of its core modules as " + file +
                      "#N, where N is one of " + list);
}

[[noreturn]] void fail(const ModuleReader& reader, std::span<const std::byte> bytes, const std::string& file) {
  const wabt::Error* error = reader.first_error();
  if (error == nullptr) throw LoadError(file, std::nullopt, "libwabt refuses the module without saying why");
  std::optional<uint64_t> offset;
  if (error->loc.offset != wabt::kInvalidOffset) offset = error->loc.offset;
  std::string reason = error->message;
  if (const auto feature = unsupported_feature(error->message, offset, bytes)) {
    reason = "uses " + *feature + ", which libwabt " + wabt_version() + " cannot read (" + error->message + ")";
  }
  throw LoadError(file, offset, reason);
}

uint64_t data_section_bytes(const std::vector<Section>& sections) {
  const auto data =
      std::find_if(sections.begin(), sections.end(), [](const Section& s) { return s.id == section_id::kData; });
  return data == sections.end() ? 0 : data->size;
}

}  // namespace

LoadError::LoadError(const std::string& file, std::optional<uint64_t> offset, const std::string& reason)
    : std::runtime_error(message(file, offset, reason)), offset_(offset) {}

std::shared_ptr<const Module> load(std::span<const std::byte> bytes, const std::string& file, Bodies bodies) {
  if (is_component(bytes)) refuse_component(bytes, file);
  const std::vector<Section> sections = core_sections(bytes, file);
  const ElementGlobals globals = find_element_globals(bytes, sections);
  const std::span<const std::byte> readable = globals.bytes.empty() ? bytes : std::span(globals.bytes);

  auto module = std::make_shared<Module>();
  module->byte_size = bytes.size();
  module->data_bytes.reserve(data_section_bytes(sections));

  wabt::ReadBinaryOptions options(wabt_features(), nullptr, /*read_debug_names=*/false, /*stop_on_first_error=*/true,
                                  /*fail_on_custom_section_error=*/false);
  options.skip_function_bodies = bodies == Bodies::skip;
  ModuleReader reader(options.features, bodies, *module, globals.found);
  if (wabt::Failed(wabt::ReadBinary(readable.data(), readable.size(), &reader, options))) fail(reader, bytes, file);

  module->sha256 = sha256_hex(bytes);
  return module;
}

}  // namespace instbench
