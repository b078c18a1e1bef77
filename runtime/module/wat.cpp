// WebAssembly text -> binary, through libwabt's parser and writer.
#include <wabt/binary-writer.h>
#include <wabt/ir.h>
#include <wabt/stream.h>
#include <wabt/validator.h>
#include <wabt/wast-lexer.h>
#include <wabt/wast-parser.h>

#include "runtime/module/load.hpp"
#include "runtime/module/wabt_features.hpp"

namespace instbench {
namespace {

// wabt's validator takes no `global.get` as an element expression. Its writer does, and load() reads and
// validates it.
constexpr const char* kElementExpression = "invalid elem expression";

[[noreturn]] void fail(const wabt::Error& error, const std::string& file) {
  throw LoadError(file, std::nullopt,
                  std::to_string(error.loc.line) + ":" + std::to_string(error.loc.first_column) + ": " + error.message);
}

void throw_first(const wabt::Errors& errors, const std::string& file) {
  for (const wabt::Error& error : errors) {
    if (error.message.rfind(kElementExpression, 0) != 0) fail(error, file);
  }
}

}  // namespace

std::vector<std::byte> assemble_wat(const std::string& text, const std::string& file) {
  const wabt::Features features = wabt_features();
  wabt::Errors errors;
  wabt::WastParseOptions parse_options(features);
  auto lexer = wabt::WastLexer::CreateBufferLexer(file, text.data(), text.size(), &errors);
  std::unique_ptr<wabt::Module> module;
  const wabt::Result parsed = wabt::ParseWatModule(lexer.get(), &module, &errors, &parse_options);
  throw_first(errors, file);
  if (wabt::Failed(parsed)) throw LoadError(file, std::nullopt, "not WebAssembly text, but libwabt does not say why");

  const wabt::Result valid = wabt::ValidateModule(module.get(), &errors, wabt::ValidateOptions(features));
  throw_first(errors, file);

  wabt::MemoryStream stream;
  const wabt::WriteBinaryOptions write_options(features, /*canonicalize_lebs=*/true, /*relocatable=*/false,
                                               /*write_debug_names=*/false);
  if (wabt::Failed(wabt::WriteBinaryModule(&stream, module.get(), write_options))) {
    throw LoadError(file, std::nullopt, "libwabt cannot write this module in binary");
  }
  const std::vector<uint8_t>& data = stream.output_buffer().data;
  const auto* first = reinterpret_cast<const std::byte*>(data.data());
  std::vector<std::byte> bytes(first, first + data.size());
  if (wabt::Failed(valid)) load(bytes, file, Bodies::validate);
  return bytes;
}

}  // namespace instbench
