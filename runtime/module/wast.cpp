// libwabt's script -> Script.
#include "runtime/module/wast.hpp"

#include <wabt/binary-writer.h>
#include <wabt/cast.h>
#include <wabt/ir.h>
#include <wabt/stream.h>
#include <wabt/wast-lexer.h>
#include <wabt/wast-parser.h>

#include <map>

#include "runtime/module/instruction_reader.hpp"
#include "runtime/module/load.hpp"
#include "runtime/module/wabt_features.hpp"
#include "runtime/module/wast_quoted.hpp"

namespace instbench {
namespace {

using Kind = ScriptCommand::Kind;

std::string place_of(const wabt::Location& at) {
  return std::to_string(at.line) + ":" + std::to_string(at.first_column);
}

std::vector<std::byte> copy_of(const std::vector<uint8_t>& data) {
  const auto* first = reinterpret_cast<const std::byte*>(data.data());
  return {first, first + data.size()};
}

// An invalid module is written as it is: what is wrong with it is load()'s to find.
std::optional<std::vector<std::byte>> written(const wabt::Module& module) {
  wabt::MemoryStream stream;
  const wabt::WriteBinaryOptions options(wabt_features(), /*canonicalize_lebs=*/true, /*relocatable=*/false,
                                         /*write_debug_names=*/false);
  if (wabt::Failed(wabt::WriteBinaryModule(&stream, &module, options))) return std::nullopt;
  return copy_of(stream.output_buffer().data);
}

// The binary form of a quoted text, or why it has none.
struct Assembled {
  std::vector<std::byte> bytes;
  std::optional<std::string> error;
};

Assembled assemble_quoted(const std::string& quoted, const std::string& file, const wabt::Features& features) {
  const std::string text = is_blank(quoted) ? "(module)" : quoted;
  wabt::Errors errors;
  wabt::WastParseOptions options(features);
  auto lexer = wabt::WastLexer::CreateBufferLexer(file, text.data(), text.size(), &errors);
  std::unique_ptr<wabt::Module> module;
  const wabt::Result parsed = wabt::ParseWatModule(lexer.get(), &module, &errors, &options);
  if (!errors.empty()) return {{}, errors.front().message};
  if (wabt::Failed(parsed)) return {{}, "not WebAssembly text"};
  auto bytes = written(*module);
  if (!bytes) return {{}, "libwabt cannot write this module in binary"};
  return {std::move(*bytes), std::nullopt};
}

ScriptValue value_of(const wabt::Const& from) {
  ScriptValue value;
  value.type = to_val_type(from.type()).value_or(ValType::i32);
  switch (from.type()) {
    case wabt::Type::I32:
      value.bits = from.u32();
      break;
    case wabt::Type::I64:
      value.bits = from.u64();
      break;
    case wabt::Type::F32:
      value.bits = from.f32_bits();
      break;
    case wabt::Type::F64:
      value.bits = from.f64_bits();
      break;
    case wabt::Type::FuncRef:
    case wabt::Type::ExternRef:
      if (from.ref_bits() == wabt::Const::kRefNullBits) {
        value.kind = ScriptValue::Kind::null;
      } else if (from.type() == wabt::Type::FuncRef) {
        value.kind = ScriptValue::Kind::any_function;
      } else {
        value.bits = from.ref_bits();
      }
      break;
    default:
      break;
  }
  if (from.type() == wabt::Type::F32 || from.type() == wabt::Type::F64) {
    if (from.expected_nan() == wabt::ExpectedNan::Canonical) value.kind = ScriptValue::Kind::canonical_nan;
    if (from.expected_nan() == wabt::ExpectedNan::Arithmetic) value.kind = ScriptValue::Kind::arithmetic_nan;
  }
  return value;
}

std::vector<ScriptValue> values_of(const wabt::ConstVector& from) {
  std::vector<ScriptValue> values;
  for (const wabt::Const& each : from) values.push_back(value_of(each));
  return values;
}

class Converter {
 public:
  explicit Converter(const std::string& file) { script_.file = file; }

  void add(const wabt::Command& command) {
    ScriptCommand& to = script_.commands.emplace_back();
    switch (command.type) {
      case wabt::CommandType::Module:
        to.kind = Kind::module;
        return define(wabt::cast<wabt::ModuleCommand>(&command)->module, to);
      case wabt::CommandType::ScriptModule:
        to.kind = Kind::module;
        return define(*wabt::cast<wabt::ScriptModuleCommand>(&command), to);
      case wabt::CommandType::Register: {
        const auto& from = *wabt::cast<wabt::RegisterCommand>(&command);
        to.kind = Kind::register_as;
        to.line = from.var.loc.line;
        to.as = from.module_name;
        to.registered = target_of(from.var);
        return;
      }
      case wabt::CommandType::Action:
        return act(Kind::action, *wabt::cast<wabt::ActionCommand>(&command)->action, to);
      case wabt::CommandType::AssertReturn: {
        const auto& from = *wabt::cast<wabt::AssertReturnCommand>(&command);
        act(Kind::assert_return, *from.action, to);
        to.expected = values_of(from.expected->expected);
        to.any_of_expected = from.expected->type() == wabt::ExpectationType::Either;
        return;
      }
      case wabt::CommandType::AssertException:
        return act(Kind::assert_exception, *wabt::cast<wabt::AssertExceptionCommand>(&command)->action, to);
      case wabt::CommandType::AssertTrap:
        return refuse_action<wabt::AssertTrapCommand>(Kind::assert_trap, command, to);
      case wabt::CommandType::AssertExhaustion:
        return refuse_action<wabt::AssertExhaustionCommand>(Kind::assert_exhaustion, command, to);
      case wabt::CommandType::AssertMalformed:
        return refuse_module<wabt::AssertMalformedCommand>(Kind::assert_malformed, command, to);
      case wabt::CommandType::AssertInvalid:
        return refuse_module<wabt::AssertInvalidCommand>(Kind::assert_invalid, command, to);
      case wabt::CommandType::AssertUnlinkable:
        return refuse_module<wabt::AssertUnlinkableCommand>(Kind::assert_unlinkable, command, to);
      case wabt::CommandType::AssertUninstantiable:
        return refuse_module<wabt::AssertUninstantiableCommand>(Kind::assert_uninstantiable, command, to);
    }
  }

  Script take() { return std::move(script_); }

 private:
  [[noreturn]] void fail(const wabt::Location& at, const std::string& reason) const {
    throw LoadError(script_.file + ":" + place_of(at), std::nullopt, reason);
  }

  void define(const wabt::Module& module, ScriptCommand& to) {
    to.line = module.loc.line;
    auto bytes = written(module);
    if (!bytes) fail(module.loc, "libwabt cannot write this module in binary");
    to.module = std::move(*bytes);
    define_name(module.name);
  }

  void define(const wabt::ScriptModuleCommand& from, ScriptCommand& to) {
    to.line = from.script_module->location().line;
    read(*from.script_module, to);
    if (to.text_error) fail(from.script_module->location(), *to.text_error);
    define_name(from.module.name);
  }

  // Later definitions of a name hide earlier ones.
  void define_name(const std::string& name) {
    if (!name.empty()) made_[name] = script_.commands.size() - 1;
    any_made_ = true;
  }

  void read(const wabt::ScriptModule& from, ScriptCommand& to) const {
    if (const auto* text = wabt::dyn_cast<wabt::TextScriptModule>(&from)) {
      auto bytes = written(text->module);
      if (bytes) to.module = std::move(*bytes);
      if (!bytes) to.text_error = "libwabt cannot write this module in binary";
    } else if (const auto* binary = wabt::dyn_cast<wabt::BinaryScriptModule>(&from)) {
      to.module = copy_of(binary->data);
    } else {
      // It is there to be judged, so it is read as WebAssembly 2.0 has it: libwabt's default features.
      const std::vector<uint8_t>& data = wabt::cast<wabt::QuotedScriptModule>(&from)->data;
      Assembled assembled = assemble_quoted({data.begin(), data.end()}, script_.file, wabt::Features());
      to.module = std::move(assembled.bytes);
      to.text_error = std::move(assembled.error);
    }
  }

  // libwabt leaves the number of the last module command where a script names none.
  size_t target_of(const wabt::Var& var) const {
    if (var.is_index()) {
      if (!any_made_) fail(var.loc, "there is no module before this command");
      return var.index();
    }
    const auto found = made_.find(var.name());
    if (found == made_.end()) fail(var.loc, "no module is called " + var.name());
    return found->second;
  }

  void act(Kind kind, const wabt::Action& from, ScriptCommand& to) const {
    to.kind = kind;
    to.line = from.loc.line;
    to.action.target = target_of(from.module_var);
    to.action.field = from.name;
    if (const auto* invoke = wabt::dyn_cast<wabt::InvokeAction>(&from)) {
      to.action.arguments = values_of(invoke->args);
    } else {
      to.action.kind = ScriptAction::Kind::get;
    }
  }

  template <typename Command>
  void refuse_action(Kind kind, const wabt::Command& command, ScriptCommand& to) const {
    const auto& from = *wabt::cast<Command>(&command);
    act(kind, *from.action, to);
    to.message = from.text;
  }

  template <typename Command>
  void refuse_module(Kind kind, const wabt::Command& command, ScriptCommand& to) const {
    const auto& from = *wabt::cast<Command>(&command);
    to.kind = kind;
    to.line = from.module->location().line;
    to.message = from.text;
    read(*from.module, to);
  }

  Script script_;
  std::map<std::string, size_t> made_;
  bool any_made_ = false;
};

}  // namespace

Script parse_wast(const std::string& text, const std::string& file) {
  const std::string script_text = replace_quoted_modules(text, [&](const std::string& quoted, int line) {
    Assembled assembled = assemble_quoted(quoted, file, wabt_features());
    if (assembled.error) throw LoadError(file + ":" + std::to_string(line) + ":1", std::nullopt, *assembled.error);
    return std::move(assembled.bytes);
  });
  wabt::Errors errors;
  wabt::WastParseOptions options(wabt_features());
  auto lexer = wabt::WastLexer::CreateBufferLexer(file, script_text.data(), script_text.size(), &errors);
  std::unique_ptr<wabt::Script> script;
  const wabt::Result parsed = wabt::ParseWastScript(lexer.get(), &script, &errors, &options);
  if (!errors.empty()) {
    throw LoadError(file + ":" + place_of(errors.front().loc), std::nullopt, errors.front().message);
  }
  if (wabt::Failed(parsed)) throw LoadError(file, std::nullopt, "not a script, but libwabt does not say why");
  Converter converter(file);
  for (const wabt::CommandPtr& command : script->commands) converter.add(*command);
  return converter.take();
}

}  // namespace instbench
