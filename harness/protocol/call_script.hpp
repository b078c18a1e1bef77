// What the workload `call` does to an instance: a script of calls with arguments and checked answers.
//
// Written as JSON (corpus/README.md, "Calls", describes it) or, on the command line, as `export(1,2)=3`. Parsing checks
// all that can be known without the module: every step is of one kind, every key is known, a variable has a value
// before it is used and gets one once, numbers fit the types that they name. What needs the module (does the export
// exist, do arguments fit its type) is left to whoever compiles the script for one. Plain data without behaviour;
// variables are numbered, so that a plan can keep them in an array.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

enum class NumberType : uint8_t { i32, i64, f32, f64 };
std::string name_of(NumberType type);

// A number as written. Its type is that of the parameter or result it stands for, unless it names one.
struct Literal {
  std::variant<uint64_t, int64_t, double> value = uint64_t{0};  // int64_t: negative; double: written with a point
  std::optional<NumberType> type;
  bool operator==(const Literal&) const = default;
};

// The number as bits of that type, the upper half of a 32-bit one zero. Integers may be written with or without sign:
// -1 and 4294967295 are the same i32. Throws GrammarError when it does not fit or names another type.
uint64_t bits_of(const Literal& literal, NumberType type);
bool is_nan(uint64_t bits, NumberType type);  // an expected NaN is equal to every NaN of its type

// `$name+addend`: the addend is added to an integer in its own width; it is 0 for floats.
struct Variable {
  uint32_t index = 0;  // in CallScript::variables
  int64_t addend = 0;
  bool operator==(const Variable&) const = default;
};
using Operand = std::variant<Literal, Variable>;

struct Nonzero {
  bool operator==(const Nonzero&) const = default;
};
using Expected = std::variant<Literal, Variable, Nonzero>;

// How memory is read or written: little-endian, without alignment.
enum class Access : uint8_t { i8, u8, i16, u16, i32, u32, i64, f32, f64 };
uint32_t size_of(Access access);
NumberType value_type(Access access);  // the small ones are extended to i32, with the sign if it is an i

struct Word {
  Access access = Access::i32;
  Operand value;
  bool operator==(const Word&) const = default;
};
// `content`, `times` times over.
struct Bytes {
  std::variant<std::string, Word> content;
  uint32_t times = 1;
  bool operator==(const Bytes&) const = default;
};

struct TableEntry {
  std::string table;  // an exported table
  uint32_t entry = 0;
  bool operator==(const TableEntry&) const = default;
};

struct CallStep {
  std::variant<std::string, TableEntry> callee;  // an exported function, or what an exported table holds
  std::vector<Operand> args;
  std::vector<Expected> expect;  // of the first results; there may be more
  std::optional<uint32_t> as;    // the variable that takes the first result
  std::optional<uint32_t> exit;  // the call must end by WASI's proc_exit with this code
  bool operator==(const CallStep&) const = default;
};
struct WriteStep {
  Bytes bytes;
  Operand at;
  bool operator==(const WriteStep&) const = default;
};
struct CheckStep {
  Bytes bytes;
  Operand at;
  bool operator==(const CheckStep&) const = default;
};
struct LoadStep {
  Access access = Access::i32;
  Operand at;
  std::optional<Expected> expect;
  std::optional<uint32_t> as;
  bool operator==(const LoadStep&) const = default;
};
struct GlobalStep {
  std::string name;  // an exported global
  std::optional<Expected> expect;
  std::optional<uint32_t> as;
  bool operator==(const GlobalStep&) const = default;
};
// All that the instance has written to `fd` until now must be these bytes.
struct OutputStep {
  std::string bytes;
  uint32_t fd = 1;
  bool operator==(const OutputStep&) const = default;
};
using ScriptStep = std::variant<CallStep, WriteStep, CheckStep, LoadStep, GlobalStep, OutputStep>;

// What an imported function does. trap: ends the call with an error that names it. memcpy(to, from, n) and
// resize_heap(bytes) work on the first memory. invoke(entry, args…) calls an entry of the first table; longjmp ends
// that call, whereupon invoke restores the stack (stackSave, stackRestore), calls setThrew(1, 0) and returns 0; a trap
// passes through. exit(code) is WASI's proc_exit. wasi: WASI preview 1's function of the import's name.
enum class Builtin : uint8_t { trap, memcpy, resize_heap, invoke, longjmp, exit, wasi };
std::string name_of(Builtin builtin);
using Answer = std::variant<Literal, Builtin>;  // a number is every result (a reference result is null)

struct ImportRule {
  std::string module;
  std::optional<std::string> name;  // absent: all other functions of the module
  Answer answer;
  bool operator==(const ImportRule&) const = default;
};
struct ImportAnswers {
  std::vector<ImportRule> rules;  // no two for the same names
  std::optional<Answer> others;
  bool operator==(const ImportAnswers&) const = default;
};
// The rule of its name, its module's, `wasi` for wasi_snapshot_preview1, that for others, trap: the first there is.
Answer answer_for(const ImportAnswers& answers, const std::string& module, const std::string& name);

struct WasiSettings {
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string input;               // all of standard input
  std::optional<std::string> dir;  // the program may read and write beneath this folder of the host; absent: no files
  uint64_t seed = 1;
  bool operator==(const WasiSettings&) const = default;
};

struct CallScript {
  ImportAnswers imports;
  WasiSettings wasi;
  std::vector<std::string> preinit;  // exports run once, whose state all instances start from (preinit.hpp)
  std::vector<ScriptStep> before;    // initialisation that each fresh instance needs first (_initialize, constructors)
  std::vector<ScriptStep> steps;     // empty only in a script that says nothing but what to preinitialise
  std::vector<std::string> variables;
  bool operator==(const CallScript&) const = default;
};

// `where` begins each message: "corpus/calls/lua.json: step 3: …". Both throw GrammarError.
CallScript call_script_from_json(const Json& json, const std::string& where);
CallScript parse_call_script(const std::string& text, const std::string& where);
Json to_json(const CallScript& script);  // texts become hex; reads back as the same script

// `--call`, one step for each: EXPORT(ARGUMENT,…)=RESULT,… where `=…` may be left out. A literal is 1, -1, 0xff, 2.5,
// inf or nan, with its type behind it if that must be said (1i64, 2.5f32); a result may be `nonzero`. An export whose
// name has other characters than letters, digits and _ . - : @ # / $ is written in double quotes. Throws GrammarError.
CallScript parse_calls(const std::vector<std::string>& calls);
std::string text_of(const CallStep& call, const CallScript& script);  // as `--call` takes it, if it has no variable

}  // namespace instbench::bench
