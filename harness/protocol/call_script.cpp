// Call scripts from JSON.
#include "harness/protocol/call_script.hpp"

#include <algorithm>
#include <array>

#include "harness/protocol/call_literal.hpp"
#include "harness/protocol/text.hpp"

namespace instbench::bench {
namespace {

constexpr uint64_t kMostBytes = uint64_t{64} << 20;  // that one step writes or checks
constexpr int64_t kMostExact = int64_t{1} << 53;     // JavaScript reads greater JSON numbers as others
constexpr std::array<std::string_view, 7> kBuiltins{"trap",    "memcpy", "resize_heap", "invoke",
                                                    "longjmp", "exit",   "wasi"};
constexpr std::string_view kWasiModule = "wasi_snapshot_preview1";

// Reads one script. Every message begins with the place: the file, then "step 3" or a key.
class Reader {
 public:
  explicit Reader(std::string where) : file_(std::move(where)), where_(file_) {}

  CallScript script(const Json& json) {
    only(json, {"imports", "wasi", "preinit", "before", "steps"});
    if (json.contains("imports")) script_.imports = imports(object(json["imports"], "imports"));
    if (json.contains("wasi")) script_.wasi = wasi(object(json["wasi"], "wasi"));
    if (json.contains("preinit")) {
      if (!json["preinit"].is_array()) fail("\"preinit\" must be a list of exports");
      for (const Json& name : json["preinit"]) script_.preinit.push_back(text(name, "preinit"));
    }
    if (json.contains("before")) script_.before = steps(json["before"], "before step");
    // What only preinitialises calls nothing afterwards.
    if (!json.contains("steps") && json.contains("preinit")) return std::move(script_);
    if (!json.contains("steps")) fail("lacks \"steps\"");
    script_.steps = steps(json["steps"], "step");
    return std::move(script_);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const { throw GrammarError(where_ + ": " + reason); }

  // ---- JSON's own kinds ----

  const Json& object(const Json& json, const std::string& what) const {
    if (!json.is_object()) fail("\"" + what + "\" must be an object");
    return json;
  }
  std::string text(const Json& json, const std::string& what) const {
    if (!json.is_string()) fail("\"" + what + "\" must be text");
    return json.get<std::string>();
  }
  uint32_t count(const Json& json, const std::string& what, uint32_t least) const {
    if (!json.is_number_unsigned() || json.get<uint64_t>() < least || json.get<uint64_t>() > 0xffffffff) {
      fail("\"" + what + "\" must be a whole number, at least " + std::to_string(least));
    }
    return json.get<uint32_t>();
  }
  void only(const Json& json, const std::vector<std::string>& keys) const {
    if (!json.is_object()) fail("must be an object");
    for (const auto& item : json.items()) {
      if (std::find(keys.begin(), keys.end(), item.key()) == keys.end()) fail(unknown_name("key", item.key(), keys));
    }
  }
  // The one key of `json` that is among `kinds`.
  std::string kind_among(const Json& json, const std::vector<std::string>& kinds, const std::string& what) const {
    if (!json.is_object()) fail(what + " must be an object");
    std::string found;
    for (const std::string& kind : kinds) {
      if (!json.contains(kind)) continue;
      if (!found.empty()) fail(what + " is both \"" + found + "\" and \"" + kind + "\"");
      found = kind;
    }
    if (found.empty()) fail(what + " must have one of " + join(kinds, ", "));
    return found;
  }

  // ---- numbers and variables ----

  Literal literal(const Json& json) const {
    if (json.is_string()) {
      const auto found = literal_from_text(json.get_ref<const std::string&>());
      if (!found) fail("'" + json.get<std::string>() + "' is not a number");
      return *found;
    }
    if (!json.is_number()) fail(json.dump() + " is not a number");
    const bool too_big = json.is_number_unsigned() ? json.get<uint64_t>() > uint64_t{kMostExact}
                                                   : json.is_number_integer() && json.get<int64_t>() < -kMostExact;
    if (too_big) {
      fail(json.dump() + " is too big for a JSON number: write it as text, {\"i64\": \"" + json.dump() + "\"}");
    }
    if (json.is_number_unsigned()) return {json.get<uint64_t>(), {}};
    if (json.is_number_integer()) return {json.get<int64_t>(), {}};
    return {json.get<double>(), {}};
  }
  Literal typed_literal(const Json& json) const {
    if (!json.is_object() || json.size() != 1) fail("a number with its type is written as {\"i64\": 1}");
    const auto type = number_type(json.begin().key());
    if (!type) fail(unknown_name("type", json.begin().key(), {"i32", "i64", "f32", "f64"}));
    Literal value = literal(json.begin().value());
    fits([&] { bits_of(value, *type); });
    value.type = type;
    return value;
  }
  template <typename Check>
  void fits(Check check) const {
    try {
      check();
    } catch (const GrammarError& error) {
      fail(error.what());
    }
  }
  Operand operand(const Json& json) const {
    if (json.is_string() && json.get_ref<const std::string&>().starts_with('$')) return variable(json);
    if (json.is_object()) return typed_literal(json);
    return literal(json);
  }
  Variable variable(const Json& json) const {
    const std::string text = json.get<std::string>().substr(1);
    const size_t sign = text.find_first_of("+-");
    const std::string name = text.substr(0, sign);
    const auto& names = script_.variables;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) fail("$" + name + " has no value here: no step before it says \"as\": \"" + name + "\"");
    Variable result{static_cast<uint32_t>(found - names.begin()), 0};
    if (sign == text.npos) return result;
    const auto addend = literal_from_text(text.substr(text[sign] == '+' ? sign + 1 : sign));
    if (!addend || std::holds_alternative<double>(addend->value))
      fail("'$" + text + "' is not $name, $name+1 or $name-1");
    result.addend = static_cast<int64_t>(bits_of(*addend, NumberType::i64));
    return result;
  }
  Expected expected(const Json& json) const {
    if (json == "nonzero") return Nonzero{};
    return std::visit([](const auto& value) { return Expected(value); }, operand(json));
  }
  Operand address(const Json& step) const {
    if (!step.contains("at")) fail("lacks \"at\", the address");
    const Operand at = operand(step["at"]);
    if (const auto* literal = std::get_if<Literal>(&at); literal && !std::holds_alternative<uint64_t>(literal->value)) {
      fail("\"at\" must be an address, not " + literal_text(*literal));
    }
    return at;
  }
  std::optional<uint32_t> defined(const Json& step) {
    if (!step.contains("as")) return std::nullopt;
    const std::string name = text(step["as"], "as");
    const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!good) fail("\"as\": '" + name + "' is not a name of letters, digits and _");
    auto& names = script_.variables;
    if (std::find(names.begin(), names.end(), name) != names.end()) fail("$" + name + " has a value already");
    names.push_back(name);
    return static_cast<uint32_t>(names.size() - 1);
  }

  // ---- bytes ----

  std::string hex(const std::string& text) const {
    std::string digits = text;
    std::erase(digits, ' ');
    if (digits.size() % 2 != 0 || digits.find_first_not_of("0123456789abcdef") != digits.npos) {
      fail("\"hex\" must be pairs of the digits 0-9 and a-f, spaces between them at will");
    }
    std::string bytes;
    for (size_t i = 0; i < digits.size(); i += 2) {
      bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    }
    return bytes;
  }
  // JSON texts are UTF-8 already, and nlohmann refuses any that are not.
  static std::string utf16(const std::string& text) {
    std::string bytes;
    const auto put = [&](uint32_t unit) {
      bytes.push_back(static_cast<char>(unit & 0xff));
      bytes.push_back(static_cast<char>(unit >> 8));
    };
    for (size_t i = 0; i < text.size();) {
      const auto lead = static_cast<unsigned char>(text[i]);
      const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      uint32_t point = length == 1 ? lead : lead & (0xffu >> (length + 1));
      for (size_t k = 1; k < length; ++k) point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3f);
      i += length;
      if (point < 0x10000) {
        put(point);
      } else {
        put(0xd800 + ((point - 0x10000) >> 10));
        put(0xdc00 + ((point - 0x10000) & 0x3ff));
      }
    }
    return bytes;
  }
  Bytes bytes(const Json& json, const std::string& what) const {
    static const std::vector<std::string> kKinds{"utf8", "utf16", "hex", "i8",  "u8",  "i16",
                                                 "u16",  "i32",   "u32", "i64", "f32", "f64"};
    const std::string kind = kind_among(json, kKinds, "\"" + what + "\"");
    only(json, {kind, "times"});
    Bytes result;
    if (json.contains("times")) result.times = count(json["times"], "times", 1);
    const Json& value = json[kind];
    if (const auto access = access_type(kind)) {
      const Operand number = operand(value);
      if (const auto* constant = std::get_if<Literal>(&number)) fits([&] { bits_of(*constant, *access); });
      result.content = Word{*access, number};
      within_limits(uint64_t{size_of(*access)} * result.times);
      return result;
    }
    const std::string given = text(value, kind);
    std::string constant = kind == "hex" ? hex(given) : kind == "utf16" ? utf16(given) : given;
    if (constant.empty()) fail("\"" + kind + "\" is empty");
    within_limits(constant.size() * result.times);
    result.content = std::move(constant);
    return result;
  }
  void within_limits(uint64_t size) const {
    if (size > kMostBytes)
      fail(std::to_string(size) + " bytes are more than the " + std::to_string(kMostBytes) + " of a step");
  }

  // ---- steps ----

  std::vector<ScriptStep> steps(const Json& json, const std::string& what) {
    if (!json.is_array() || json.empty()) fail("\"" + what + "s\" must be a list that is not empty");
    std::vector<ScriptStep> result;
    for (const Json& item : json) {
      where_ = file_ + ": " + what + " " + std::to_string(result.size());
      result.push_back(step(item));
    }
    where_ = file_;
    return result;
  }
  ScriptStep step(const Json& json) {
    const std::string kind = kind_among(json, {"call", "write", "check", "load", "global", "output"}, "it");
    if (kind == "call") return call(json);
    if (kind == "load") return load(json);
    if (kind == "global") return global(json);
    if (kind == "output") return output(json);
    only(json, {kind, "at"});
    Bytes what = bytes(json[kind], kind);
    if (kind == "write") return WriteStep{std::move(what), address(json)};
    return CheckStep{std::move(what), address(json)};
  }
  CallStep call(const Json& json) {
    only(json, {"call", "args", "expect", "as", "exit"});
    CallStep result;
    if (json["call"].is_string()) {
      result.callee = json["call"].get<std::string>();
    } else {
      only(json["call"], {"table", "entry"});
      if (json["call"].size() != 2) fail("\"call\" must be an export's name or {\"table\": …, \"entry\": …}");
      result.callee = TableEntry{text(json["call"]["table"], "table"), count(json["call"]["entry"], "entry", 0)};
    }
    if (json.contains("args")) {
      if (!json["args"].is_array()) fail("\"args\" must be a list");
      for (const Json& item : json["args"]) result.args.push_back(operand(item));
    }
    if (json.contains("expect")) {
      const Json list = json["expect"].is_array() ? json["expect"] : Json::array({json["expect"]});
      for (const Json& item : list) result.expect.push_back(expected(item));
    }
    if (json.contains("exit")) result.exit = count(json["exit"], "exit", 0);
    if (result.exit && (json.contains("expect") || json.contains("as"))) fail("a call that exits has no results");
    result.as = defined(json);
    return result;
  }
  LoadStep load(const Json& json) {
    only(json, {"load", "at", "expect", "as"});
    const std::string name = text(json["load"], "load");
    const auto access = access_type(name);
    if (!access) fail(unknown_name("type", name, {"i8", "u8", "i16", "u16", "i32", "u32", "i64", "f32", "f64"}));
    LoadStep result{*access, address(json), {}, {}};
    result.expect = result_of(json);
    result.as = defined(json);
    return result;
  }
  GlobalStep global(const Json& json) {
    only(json, {"global", "expect", "as"});
    GlobalStep result{text(json["global"], "global"), result_of(json), {}};
    result.as = defined(json);
    return result;
  }
  std::optional<Expected> result_of(const Json& json) const {
    if (!json.contains("expect") && !json.contains("as")) fail("needs \"expect\" or \"as\"");
    return json.contains("expect") ? std::optional(expected(json["expect"])) : std::nullopt;
  }
  OutputStep output(const Json& json) {
    only(json, {"output", "fd"});
    const Bytes what = bytes(json["output"], "output");
    const auto* constant = std::get_if<std::string>(&what.content);
    if (!constant) fail("\"output\" must be utf8, utf16 or hex");
    OutputStep result;
    for (uint32_t i = 0; i < what.times; ++i) result.bytes += *constant;
    if (json.contains("fd")) result.fd = count(json["fd"], "fd", 1);
    if (result.fd > 2) fail("\"fd\" must be 1 or 2");
    return result;
  }

  // ---- imports ----

  Answer answer(const Json& json) const {
    if (json.is_number()) return literal(json);
    const std::string name = text(json, "an import's answer");
    const auto found = std::find(kBuiltins.begin(), kBuiltins.end(), name);
    if (found == kBuiltins.end()) fail(unknown_name("answer", name, {kBuiltins.begin(), kBuiltins.end()}));
    return static_cast<Builtin>(found - kBuiltins.begin());
  }
  ImportAnswers imports(const Json& json) const {
    ImportAnswers result;
    for (const auto& [module, given] : json.items()) {
      if (module == "*") {
        result.others = answer(given);
      } else if (!given.is_object()) {
        result.rules.push_back({module, std::nullopt, answer(given)});
      } else {
        for (const auto& [name, one] : given.items()) {
          result.rules.push_back({module, name == "*" ? std::nullopt : std::optional(name), answer(one)});
        }
      }
    }
    return result;
  }
  WasiSettings wasi(const Json& json) const {
    only(json, {"args", "env", "stdin", "seed", "dir"});
    WasiSettings result;
    if (json.contains("args")) {
      if (!json["args"].is_array()) fail("\"args\" must be a list");
      for (const Json& item : json["args"]) result.args.push_back(text(item, "args"));
    }
    if (json.contains("env")) {
      for (const auto& [key, value] : object(json["env"], "env").items())
        result.env.emplace_back(key, text(value, key));
    }
    if (json.contains("stdin")) result.input = text(json["stdin"], "stdin");
    if (json.contains("dir")) result.dir = text(json["dir"], "dir");
    if (json.contains("seed")) result.seed = count(json["seed"], "seed", 0);
    return result;
  }

  std::string file_;
  std::string where_;
  CallScript script_;
};

}  // namespace

std::string name_of(Builtin builtin) { return std::string(kBuiltins[static_cast<size_t>(builtin)]); }

Answer answer_for(const ImportAnswers& answers, const std::string& module, const std::string& name) {
  const ImportRule* of_module = nullptr;
  for (const ImportRule& rule : answers.rules) {
    if (rule.module != module) continue;
    if (rule.name == name) return rule.answer;
    if (!rule.name) of_module = &rule;
  }
  if (of_module) return of_module->answer;
  if (module == kWasiModule) return Builtin::wasi;
  return answers.others.value_or(Builtin::trap);
}

CallScript call_script_from_json(const Json& json, const std::string& where) { return Reader(where).script(json); }

CallScript parse_call_script(const std::string& text, const std::string& where) {
  try {
    return call_script_from_json(Json::parse(text), where);
  } catch (const Json::parse_error& error) {
    throw GrammarError(where + ": " + error.what());
  }
}

}  // namespace instbench::bench
