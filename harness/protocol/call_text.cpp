// Call scripts as text: to JSON, and from and to the short form of the command line.
#include <algorithm>
#include <cmath>

#include "harness/protocol/call_literal.hpp"
#include "harness/protocol/call_script.hpp"
#include "harness/protocol/text.hpp"

namespace instbench::bench {
namespace {

// ---- to JSON ----

Json literal_json(const Literal& literal) {
  if (literal.type) return {{name_of(*literal.type), literal_text(literal)}};
  const auto* real = std::get_if<double>(&literal.value);
  if (real && std::isfinite(*real)) return *real;
  const std::string text = literal_text(literal);
  if (real || text.size() > 15) return text;  // no JSON number, or none that JavaScript reads exactly
  return Json::parse(text);
}

class Writer {
 public:
  explicit Writer(const CallScript& script) : script_(script) {}

  Json steps(const std::vector<ScriptStep>& list) const {
    Json json = Json::array();
    for (const ScriptStep& step : list) {
      json.push_back(std::visit([&](const auto& one) { return write(one); }, step));
    }
    return json;
  }

  template <typename Value>  // Operand or Expected
  Json value(const Value& given) const {
    return std::visit([&](const auto& one) { return write(one); }, given);
  }

 private:
  static Json write(const Literal& literal) { return literal_json(literal); }
  static Json write(Nonzero) { return "nonzero"; }
  Json write(Variable variable) const {
    const std::string name = "$" + script_.variables.at(variable.index);
    if (variable.addend == 0) return name;
    return name + (variable.addend > 0 ? "+" : "") + std::to_string(variable.addend);
  }
  static std::string hex(const std::string& bytes) {
    std::string text;
    for (const char byte : bytes) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      text.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
      text.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
    }
    return text;
  }
  Json write(const Bytes& bytes) const {
    Json json;
    if (const auto* constant = std::get_if<std::string>(&bytes.content)) {
      json["hex"] = hex(*constant);
    } else {
      const Word& word = std::get<Word>(bytes.content);
      json[name_of(word.access)] = value(word.value);
    }
    if (bytes.times != 1) json["times"] = bytes.times;
    return json;
  }
  Json with_result(Json json, const std::optional<Expected>& expect, const std::optional<uint32_t>& as) const {
    if (expect) json["expect"] = value(*expect);
    if (as) json["as"] = script_.variables.at(*as);
    return json;
  }
  Json write(const CallStep& step) const {
    Json json;
    if (const auto* entry = std::get_if<TableEntry>(&step.callee)) {
      json["call"] = {{"table", entry->table}, {"entry", entry->entry}};
    } else {
      json["call"] = std::get<std::string>(step.callee);
    }
    for (const Operand& arg : step.args) json["args"].push_back(value(arg));
    for (const Expected& expect : step.expect) json["expect"].push_back(value(expect));
    if (step.exit) json["exit"] = *step.exit;
    return with_result(std::move(json), std::nullopt, step.as);
  }
  Json write(const WriteStep& step) const { return {{"write", write(step.bytes)}, {"at", value(step.at)}}; }
  Json write(const CheckStep& step) const { return {{"check", write(step.bytes)}, {"at", value(step.at)}}; }
  Json write(const LoadStep& step) const {
    return with_result({{"load", name_of(step.access)}, {"at", value(step.at)}}, step.expect, step.as);
  }
  Json write(const GlobalStep& step) const { return with_result({{"global", step.name}}, step.expect, step.as); }
  static Json write(const OutputStep& step) { return {{"output", {{"hex", hex(step.bytes)}}}, {"fd", step.fd}}; }

  const CallScript& script_;
};

Json answer_json(const Answer& answer) {
  if (const auto* literal = std::get_if<Literal>(&answer)) return literal_json(*literal);
  return name_of(std::get<Builtin>(answer));
}

Json imports_json(const ImportAnswers& imports) {
  Json json = Json::object();
  for (const ImportRule& rule : imports.rules) json[rule.module][rule.name.value_or("*")] = answer_json(rule.answer);
  if (imports.others) json["*"] = answer_json(*imports.others);
  return json;
}

Json wasi_json(const WasiSettings& wasi) {
  Json env = Json::object();
  for (const auto& [key, value] : wasi.env) env[key] = value;
  Json json{{"args", wasi.args}, {"env", env}, {"stdin", wasi.input}, {"seed", wasi.seed}};
  if (wasi.dir) json["dir"] = *wasi.dir;
  return json;
}

// ---- the short form ----

[[noreturn]] void bad_call(const std::string& text, const std::string& reason) {
  throw GrammarError("--invoke '" + text + "': " + reason +
                     "; write it as in 'add(1,2)=3' or '\"odd name\"(1i64,2.5f32)=nonzero'");
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.-:@#/$").find(c) != std::string_view::npos;
}

// The name at the start of `text`, and in `end` where it stops.
std::string export_name(const std::string& text, size_t& end) {
  std::string name;
  if (!text.starts_with('"')) {
    while (end < text.size() && is_plain(text[end])) name.push_back(text[end++]);
    return name;
  }
  for (end = 1; end < text.size() && text[end] != '"'; ++end) {
    if (text[end] == '\\' && end + 1 < text.size()) ++end;
    name.push_back(text[end]);
  }
  if (end == text.size()) bad_call(text, "the name's closing quote is missing");
  ++end;
  return name;
}

// The type is behind the number. A hexadecimal one has no float type: 0x1f32 is a number.
Literal short_literal(const std::string& text, const std::string& call) {
  if (const auto untyped = literal_from_text(text)) return *untyped;
  const size_t split = text.size() < 3 ? 0 : text.size() - 3;
  const auto type = number_type(text.substr(split));
  auto literal = literal_from_text(text.substr(0, split));
  if (!type || !literal) bad_call(call, "'" + text + "' is not a number such as 1, 1i64, 2.5 or 2.5f32");
  try {
    bits_of(*literal, *type);
  } catch (const GrammarError& error) {
    bad_call(call, error.what());
  }
  literal->type = type;
  return *literal;
}

CallStep short_call(const std::string& text) {
  size_t at = 0;
  CallStep call;
  const std::string name = export_name(text, at);
  if (name.empty() && !text.starts_with('"')) bad_call(text, "the export's name is missing");
  call.callee = name;
  const size_t close = text.find(')', at);
  if (at == text.size() || text[at] != '(' || close == text.npos)
    bad_call(text, "the arguments in parentheses are missing");
  if (const std::string args = text.substr(at + 1, close - at - 1); !args.empty()) {
    for (const std::string& arg : split(args, ',')) call.args.emplace_back(short_literal(arg, text));
  }
  if (close + 1 == text.size()) return call;
  if (text[close + 1] != '=') bad_call(text, "only =RESULT may follow the arguments");
  for (const std::string& result : split(text.substr(close + 2), ',')) {
    if (result == "nonzero") {
      call.expect.emplace_back(Nonzero{});
    } else {
      call.expect.emplace_back(short_literal(result, text));
    }
  }
  return call;
}

std::string short_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object()) return value.begin().value().get<std::string>() + value.begin().key();
  return value.dump();
}

std::string quoted_if_odd(const std::string& name) {
  if (!name.empty() && std::all_of(name.begin(), name.end(), is_plain)) return name;
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return quoted + "\"";
}

}  // namespace

Json to_json(const CallScript& script) {
  const Writer writer(script);
  Json json{{"imports", imports_json(script.imports)}, {"wasi", wasi_json(script.wasi)}};
  if (!script.preinit.empty() || script.steps.empty()) json["preinit"] = script.preinit;
  if (!script.before.empty()) json["before"] = writer.steps(script.before);
  if (!script.steps.empty()) json["steps"] = writer.steps(script.steps);
  return json;
}

CallScript parse_calls(const std::vector<std::string>& calls) {
  CallScript script;
  for (const std::string& call : calls) script.steps.emplace_back(short_call(call));
  if (script.steps.empty()) throw GrammarError("--invoke: no call is given");
  return script;
}

std::string text_of(const CallStep& call, const CallScript& script) {
  const Writer writer(script);
  std::string name;
  if (const auto* entry = std::get_if<TableEntry>(&call.callee)) {
    name = entry->table + "[" + std::to_string(entry->entry) + "]";
  } else {
    name = quoted_if_odd(std::get<std::string>(call.callee));
  }
  std::vector<std::string> args, results;
  for (const Operand& arg : call.args) args.push_back(short_text(writer.value(arg)));
  for (const Expected& expect : call.expect) results.push_back(short_text(writer.value(expect)));
  return name + "(" + join(args, ",") + ")" + (results.empty() ? "" : "=" + join(results, ","));
}

}  // namespace instbench::bench
