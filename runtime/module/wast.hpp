// A .wast script (the specification's test format) as plain commands: libwabt parses, nothing of it shows here.
//
// Modules arrive as binary, whether the script wrote text, binary or a quoted text; nothing is validated, for that is
// what many commands are about: refusal() says what a module is refused for. An action names the command that made
// its instance, so that names a script uses twice are settled here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/module/module.hpp"

namespace instbench {

// A value as a script writes it: an argument, or what a result must be.
struct ScriptValue {
  enum class Kind : uint8_t {
    bits,            // exactly these (a reference: ref.extern N, the number in `bits`)
    canonical_nan,   // nan:canonical: a quiet NaN with no other payload bit, either sign
    arithmetic_nan,  // nan:arithmetic: a NaN with the quiet bit
    null,            // ref.null
    any_function,    // ref.func: not null
  };
  Kind kind = Kind::bits;
  ValType type = ValType::i32;
  uint64_t bits = 0;  // of a v128: nothing is kept, the core does not run SIMD code
  bool operator==(const ScriptValue&) const = default;
};

struct ScriptAction {
  enum class Kind : uint8_t { invoke, get };
  Kind kind = Kind::invoke;
  size_t target = 0;  // the command that made the instance
  std::string field;  // name of the export
  std::vector<ScriptValue> arguments;
};

struct ScriptCommand {
  enum class Kind : uint8_t {
    module,
    register_as,
    action,
    assert_return,
    assert_trap,
    assert_exhaustion,
    assert_malformed,
    assert_invalid,
    assert_unlinkable,
    assert_uninstantiable,  // written (assert_trap (module …))
    assert_exception,
  };
  Kind kind = Kind::module;
  int line = 0;
  // Of module and the assertions about modules.
  std::vector<std::byte> module;
  std::optional<std::string> text_error;  // a quoted text that is not WebAssembly text: why; `module` is empty
  // Of register_as.
  size_t registered = 0;  // the command that made the instance
  std::string as;
  // Of action and the assertions about actions.
  ScriptAction action;
  std::vector<ScriptValue> expected;
  bool any_of_expected = false;  // (either …): one of `expected` suffices
  std::string message;           // what the assertion says about the failure
};

struct Script {
  std::string file;
  std::vector<ScriptCommand> commands;
};

// `file` is used in messages. Throws LoadError, "FILE:LINE:COLUMN: reason".
Script parse_wast(const std::string& text, const std::string& file);

// Why these bytes are not a module of WebAssembly 2.0; nothing when they are one. Stricter than load(), which also
// takes newer features that the core can describe (several memories, extended constant expressions, ...).
std::optional<std::string> refusal(std::span<const std::byte> bytes);

}  // namespace instbench
