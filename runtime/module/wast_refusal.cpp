// What a module of WebAssembly 2.0 may not be: first load()'s opinion, then the same reader with no newer feature.
#include <wabt/binary-reader.h>

#include "runtime/module/load.hpp"
#include "runtime/module/module_reader.hpp"
#include "runtime/module/sections.hpp"
#include "runtime/module/wast.hpp"

namespace instbench {
namespace {

constexpr const char* kName = "module";  // in messages, which the caller places

std::optional<std::string> newer_than_2(std::span<const std::byte> bytes) {
  const ElementGlobals globals = find_element_globals(bytes, core_sections(bytes, kName));
  const std::span<const std::byte> readable = globals.bytes.empty() ? bytes : std::span(globals.bytes);
  const wabt::Features features;  // libwabt's defaults are WebAssembly 2.0
  wabt::ReadBinaryOptions options(features, nullptr, /*read_debug_names=*/false, /*stop_on_first_error=*/true,
                                  /*fail_on_custom_section_error=*/false);
  Module module;
  ModuleReader reader(features, Bodies::validate, module, globals.found);
  if (wabt::Succeeded(wabt::ReadBinary(readable.data(), readable.size(), &reader, options))) return std::nullopt;
  const wabt::Error* error = reader.first_error();
  return error == nullptr ? "newer than WebAssembly 2.0" : error->message;
}

}  // namespace

std::optional<std::string> refusal(std::span<const std::byte> bytes) {
  try {
    load(bytes, kName, Bodies::validate);
  } catch (const LoadError& error) {
    return error.what();
  }
  return newer_than_2(bytes);
}

}  // namespace instbench
