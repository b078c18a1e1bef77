// The commands that call an export or read a global.
#include <algorithm>
#include <cstring>

#include "harness/wast/compare.hpp"
#include "harness/wast/player.hpp"
#include "runtime/instance/host.hpp"

namespace instbench::bench {
namespace {

using Kind = ScriptCommand::Kind;

std::string list_of(const std::vector<ScriptValue>& values) {
  std::string text;
  for (const ScriptValue& value : values) text += (text.empty() ? "" : ", ") + text_of(value);
  return "(" + text + ")";
}

std::string list_of(const std::vector<ValType>& types, const std::vector<Value>& values) {
  std::string text;
  for (size_t i = 0; i < types.size(); ++i) text += (text.empty() ? "" : ", ") + text_of(types[i], values[i]);
  return "(" + text + ")";
}

bool fit(const std::vector<ScriptValue>& arguments, const std::vector<ValType>& params) {
  if (arguments.size() != params.size()) return false;
  for (size_t i = 0; i < params.size(); ++i) {
    if (arguments[i].type != params[i]) return false;
  }
  return true;
}

bool all_match(const ScriptCommand& command, const std::vector<ValType>& types, const std::vector<Value>& values) {
  if (command.any_of_expected) {
    return types.size() == 1 && std::any_of(command.expected.begin(), command.expected.end(),
                                            [&](const auto& each) { return matches(each, types[0], values[0]); });
  }
  if (types.size() != command.expected.size()) return false;
  for (size_t i = 0; i < types.size(); ++i) {
    if (!matches(command.expected[i], types[i], values[i])) return false;
  }
  return true;
}

}  // namespace

struct Player::Result {
  Outcome problem;  // not passed: there was nothing to perform
  Trap trap = Trap::none;
  std::vector<ValType> types;
  std::vector<Value> values;
};

namespace {

Value read_global(const Instance& instance, uint32_t index, ValType type) {
  Value value;
  const size_t bytes = type == ValType::funcref ? sizeof value.funcref : sizeof value.i64;
  std::memcpy(&value, instance.vmctx().global(index), bytes);
  return value;
}

}  // namespace

Player::Result Player::perform(const ScriptAction& action) {
  Result result;
  const Made& made = made_.at(action.target);
  const std::string name = "the export \"" + action.field + "\"";
  if (!made.lease) {
    result.problem = made.outcome.kind == Outcome::Kind::skipped
                         ? made.outcome
                         : Outcome::failure("its instance could not be made: " + made.outcome.text);
    return result;
  }
  const std::optional<Extern> found = find_export(made.lease->instance(), action.field);
  const bool get = action.kind == ScriptAction::Kind::get;
  if (!found || found->kind != (get ? ExternKind::global : ExternKind::function)) {
    result.problem = Outcome::failure(name + " is not there, or not a " + (get ? "global" : "function"));
    return result;
  }
  Instance instance = found->instance;
  const Module& module = instance.prepared().module();
  if (get) {
    result.types = {module.globals[found->index].type};
    result.values = {read_global(instance, found->index, result.types[0])};
    return result;
  }
  if (!made.part->no_code.empty()) {
    result.problem = Outcome::skip(made.part->no_code);
    return result;
  }
  const FuncType& type = module.types[module.functions[found->index].type];
  if (!fit(action.arguments, type.params)) {
    result.problem = Outcome::failure(name + " takes other arguments than " + list_of(action.arguments));
    return result;
  }
  for (const ScriptValue& argument : action.arguments) result.values.push_back(value_of(argument));
  result.values.resize(std::max(type.params.size(), type.results.size()));
  result.types = type.results;
  result.trap = instance.call(found->index, result.values.data());
  return result;
}

Outcome Player::act(const ScriptCommand& command) {
  const Result result = perform(command.action);
  if (result.problem.kind != Outcome::Kind::passed) return result.problem;
  std::string trap = "trap: " + std::string(message_of(result.trap));
  if (result.trap == Trap::host) trap += ": " + last_host_error();
  const bool trapped = result.trap != Trap::none;
  const std::string got = trapped ? trap : list_of(result.types, result.values);
  if (command.kind == Kind::action) return trapped ? Outcome::failure("expected no trap, got " + trap) : Outcome();
  if (command.kind == Kind::assert_return) {
    if (!trapped && all_match(command, result.types, result.values)) return {};
    return Outcome::failure("expected " + list_of(command.expected) + ", got " + got);
  }
  if (trapped && same_message(message_of(result.trap), command.message)) return {};
  return Outcome::failure("expected trap: " + command.message + ", got " + got);
}

}  // namespace instbench::bench
