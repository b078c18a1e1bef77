#include "harness/cli/workloads.hpp"

#include <algorithm>
#include <filesystem>

#include "harness/cli/cli.hpp"
#include "harness/protocol/text.hpp"
#include "runtime/os/file.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostInput = size_t{64} << 20;  // of a program's standard input, which each worker gets in its request

// What the user gives a program, over what its script says.
void furnish(CallScript& script, const Wanted& wanted) {
  try {
    if (!wanted.stdin_file.empty()) script.wasi.input = os::read_text_or_pipe(wanted.stdin_file, kMostInput);
  } catch (const std::system_error& error) {
    throw UsageError(std::string("--stdin: ") + error.what());
  }
  if (!wanted.dir.empty()) {
    if (!fs::is_directory(wanted.dir)) throw UsageError("--dir: no such folder: " + wanted.dir);
    script.wasi.dir = fs::absolute(wanted.dir).lexically_normal().string();
  }
  if (!wanted.args.empty()) script.wasi.args = wanted.args;
  for (const std::string& variable : wanted.env) {
    const size_t equals = variable.find('=');
    if (equals == variable.npos || equals == 0) throw UsageError("--env takes NAME=VALUE, not '" + variable + "'");
    script.wasi.env.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
}

constexpr size_t kMostInvoked = 4096;  // bounds what a slip of the pen can ask for

// "f({1,2})" -> "f(1)", "f(2)"; several braces give their product.
std::vector<std::string> expanded(const std::string& text) {
  const size_t open = text.find('{'), close = text.find('}', open);
  if (open == text.npos) return {text};
  if (close == text.npos) throw UsageError("--invoke '" + text + "': the brace is not closed");
  std::vector<std::string> all;
  for (const std::string& value : split(text.substr(open + 1, close - open - 1), ',')) {
    for (const std::string& rest : expanded(text.substr(0, open) + value + text.substr(close + 1))) all.push_back(rest);
    if (all.size() > kMostInvoked)
      throw UsageError("--invoke '" + text + "' stands for more than " + std::to_string(kMostInvoked) + " calls");
  }
  return all;
}

// One list of calls for each combination of the values in braces.
std::vector<std::vector<std::string>> sweep_of(const std::vector<std::string>& invoked) {
  std::vector<std::vector<std::string>> sweep{{}};
  for (const std::string& text : invoked) {
    const std::vector<std::string> calls = expanded(text);
    if (sweep.size() * calls.size() > kMostInvoked)
      throw UsageError("--invoke: the product of all the braces is more than " + std::to_string(kMostInvoked) + " cases");
    std::vector<std::vector<std::string>> next;
    for (const auto& before : sweep) {
      for (const std::string& call : calls) {
        next.push_back(before);
        next.back().push_back(call);
      }
    }
    sweep = std::move(next);
  }
  return sweep;
}

void refuse_beside_mix(const Wanted& wanted) {
  if (wanted.call || !wanted.invoked.empty() || !wanted.preinit.empty())
    throw UsageError("--mix takes what --touch says, and no --call, --invoke or --preinit");
  if (wanted.names.empty()) throw UsageError("--mix takes the modules that are to share one pool, and none is named");
}

bool makes_calls(const Wanted& wanted) { return wanted.call || !wanted.invoked.empty(); }

// A --touch that is about the calls of --call and --invoke: "slots=1,8", or "call,slots=1,8".
bool is_of_calls(const Wanted& wanted, const std::string& touch) {
  const bool says_call = touch == "call" || touch.starts_with("call,");
  return (makes_calls(wanted) && names_only_conditions(touch) && !says_call) || (wanted.call && says_call);
}

// Slots and threads of the calls: what --touch says, else hot and over 64 slots.
std::vector<Case> conditions_of_calls(const Wanted& wanted) {
  std::vector<Case> conditions;
  for (const std::string& text : wanted.touches) {
    if (!is_of_calls(wanted, text)) continue;
    for (const Case& c : parse_touch(text.starts_with("call") ? text : "call," + text).cases) conditions.push_back(c);
  }
  if (!conditions.empty()) return conditions;
  for (Case c : default_workloads()) {
    if (wanted.one_slot && c.slots != 1) continue;
    c.workload.kind = Workload::Kind::call;
    c.workload.label = "call";
    conditions.push_back(c);
  }
  return conditions;
}

std::vector<Case> call_workloads(const Wanted& wanted) {
  std::vector<Case> cases;
  for (Case c : conditions_of_calls(wanted)) {
    if (wanted.call) cases.push_back(c);
    for (const std::vector<std::string>& calls : sweep_of(wanted.invoked)) {
      if (calls.empty()) continue;
      c.workload.label = "call(" + join(calls, " ") + ")";
      c.workload.script = script_text(parse_calls(calls), wanted);
      cases.push_back(c);
    }
  }
  return cases;
}

}  // namespace

std::vector<Case> default_workloads() {
  Case hot, many;
  many.slots = 64;
  return {hot, many};
}

std::string script_text(CallScript script, const Wanted& wanted) {
  furnish(script, wanted);
  try {
    return to_json(script).dump();
  } catch (const Json::exception&) {
    throw UsageError("--stdin, --arg and --env take UTF-8 text only");
  }
}

std::vector<Case> workloads(const Wanted& wanted) {
  std::vector<Case> cases;
  if (wanted.mix) refuse_beside_mix(wanted);
  try {
    for (const std::string& text : wanted.touches) {
      if (is_of_calls(wanted, text)) continue;
      for (const Case& c : parse_touch(text, wanted.mix ? SweepOf::mix : SweepOf::one_module).cases) cases.push_back(c);
    }
    if (makes_calls(wanted)) {
      for (const Case& c : call_workloads(wanted)) cases.push_back(c);
    }
  } catch (const GrammarError& error) {
    throw UsageError(error.what());
  }
  return cases;
}

}  // namespace instbench::bench
