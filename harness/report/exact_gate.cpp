#include "harness/report/exact_gate.hpp"

#include <algorithm>
#include <set>

#include "harness/protocol/text.hpp"
#include "harness/report/lock.hpp"

namespace instbench::bench {
namespace {

std::string cell_name(const Json& cell) {
  return cell.at("case").get<std::string>() + "  " + cell.at("arm").get<std::string>();
}

// A folded counter as text: "2" or "15.9..16.1"; absent is an exact zero.
std::string value_text(const Json& counter) {
  if (counter.is_null()) return "0";
  if (counter.at("exact").get<bool>()) return counter.at("value").dump();
  const std::string least = number_text(counter.at("min")), most = number_text(counter.at("max"));
  return (least == most ? least : least + ".." + most) + " (not exact)";
}

std::string exact_text(const Json& counters, const std::string& name) {
  return value_text(counters.value(name, Json(nullptr)));
}

bool is_exact(const Json& counters, const std::string& name) {
  return !counters.contains(name) || counters.at(name).at("exact").get<bool>();
}

// A slope below zero in every process: the shorter of the two counting runs was not yet in its steady state, so no figure
// of this cell says what a cycle costs. Below zero in some and above in others is a strategy that does something now and
// then (reset=restore compares pages in one reset of many): not exact, and no fault.
void find_negative(const Json& cell, GateReport& report) {
  // An engine with threads of its own (a compiler, a collector) makes calls that are no cycle's.
  const Json engine = cell.value("engine", Json());
  const bool has_threads = engine.is_object() && engine.value("name", "core") != "core";
  for (const auto& [phase, counters] : cell.at("counters").items()) {
    for (const auto& [name, counter] : counters.items()) {
      if (has_threads && name.starts_with("syscalls.")) continue;
      if (counter.at(counter.at("exact").get<bool>() ? "value" : "max").get<double>() >= 0) continue;
      report.failures.push_back(cell_name(cell) + "  " + phase + "  " + name + ": " + value_text(counter) +
                                " per cycle: the worker counted before its slots were warm");
    }
  }
}

std::set<std::string> keys_of(const Json& a, const Json& b) {
  std::set<std::string> keys;
  for (const Json* object : {&a, &b}) {
    for (const auto& [key, value] : object->items()) keys.insert(key);
  }
  return keys;
}

// The core's count of system calls per cycle against the ptrace pass's, name by name.
void compare_counts(const Json& cell, GateReport& report) {
  const Json trace = cell.value("trace", Json(nullptr));
  if (!trace.is_object() || trace.contains("unsupported")) {
    const std::string why = trace.is_object() ? trace.at("unsupported").dump() : "the worker made no trace pass";
    report.notes.push_back(cell_name(cell) + ": not counted a second time: " + why);
    return;
  }
  const Json own = cell.at("counters").value("cycle", Json::object()), traced = trace.value("cycle", Json::object());
  for (const std::string& name : keys_of(own, traced)) {
    if (!name.starts_with("syscalls.") || !is_exact(own, name) || !is_exact(traced, name)) continue;
    const std::string core = exact_text(own, name), ptrace = exact_text(traced, name);
    if (core == ptrace) continue;
    report.failures.push_back(cell_name(cell) + ": " + name + " per cycle: the core counts " + core +
                              ", ptrace counts " + ptrace);
  }
}

void compare_phase(const std::string& where, const Json& locked, const Json& counters,
                   const std::set<std::string>& ranges, bool same_kernel, GateReport& report) {
  for (const std::string& name : keys_of(locked, counters)) {
    if (ranges.contains(name) || (!same_kernel && name.starts_with("faults."))) continue;
    const std::string old_text = locked.value(name, Json(0)).dump(), new_text = exact_text(counters, name);
    if (old_text == new_text) {
      ++report.compared;
    } else {
      report.changes.push_back(where + "  " + name + ": " + old_text + " -> " + new_text);
    }
  }
}

std::set<std::string> ranges_of(const Json& entry, const std::string& phase) {
  std::set<std::string> names;
  for (const std::string text : entry.at("ranges")) {
    if (text.starts_with(phase + " ")) names.insert(text.substr(phase.size() + 1));
  }
  return names;
}

void judge_cell(const Json& locked_arms, const Json& cell, bool same_kernel, GateReport& report) {
  const Json entry = locked_arms.value(cell.at("arm").get<std::string>(), Json(nullptr));
  const bool skipped = cell.at("status") != "ok";
  if (entry.is_null()) {
    report.coverage.push_back(cell_name(cell) + ": not in the lock file");
  } else if (entry.is_string() != skipped) {
    const std::string reason = skipped ? " (" + cell.value("reason", std::string("no reason")) + ")" : "";
    report.coverage.push_back(cell_name(cell) + (skipped ? ": skipped here, counted in the lock file" + reason
                                                         : ": counted here, skipped in the lock file"));
  } else if (!skipped) {
    const Json& counters = cell.at("counters");
    for (const std::string& phase : keys_of(entry.at("phases"), counters)) {
      compare_phase(cell_name(cell) + "  " + phase, entry.at("phases").value(phase, Json::object()),
                    counters.value(phase, Json::object()), ranges_of(entry, phase), same_kernel, report);
    }
  }
}

void find_missing(const Json& locked, const Json& result, GateReport& report) {
  std::set<std::pair<std::string, std::string>> present;
  for (const Json& cell : result.at("cells"))
    present.emplace(cell.at("case").get<std::string>(), cell.at("arm").get<std::string>());
  for (const auto& [case_id, arms] : locked.items()) {
    for (const auto& [arm, entry] : arms.items()) {
      if (!present.contains({case_id, arm}))
        report.coverage.push_back(case_id + "  " + arm + ": in the lock file, not in this run");
    }
  }
}

}  // namespace

int GateReport::exit_code() const {
  if (!failures.empty()) return 1;
  if (!coverage.empty()) return 5;
  return changes.empty() ? 0 : 3;
}

GateReport check_counts(const Json& result) {
  GateReport report;
  for (const Json& cell : result.at("cells")) {
    if (cell.at("status") == "failed") {
      report.failures.push_back(cell_name(cell) + ": failed: " + cell.value("reason", std::string("no reason")));
    } else if (cell.at("status") == "ok" && !cell.at("counters").is_object()) {
      report.failures.push_back(cell_name(cell) + ": the worker counted nothing");
    } else if (cell.at("status") == "ok") {
      find_negative(cell, report);
      compare_counts(cell, report);
    }
  }
  return report;
}

GateReport judge(const Json& section, const Json& result, Scope scope) {
  GateReport report = check_counts(result);
  const std::string locked_kernel = section.at("kernel"), kernel = kernel_series(result);
  const bool same_kernel = locked_kernel == kernel;
  if (!same_kernel) {
    report.notes.push_back("page faults are not compared: the lock was made on Linux " + locked_kernel + ", this is " +
                           kernel);
  }
  const Json& locked = section.at("cases");
  for (const Json& cell : result.at("cells")) {
    if (cell.at("status") == "failed") continue;
    judge_cell(locked.value(cell.at("case").get<std::string>(), Json::object()), cell, same_kernel, report);
  }
  if (scope == Scope::whole_suite) find_missing(locked, result, report);
  return report;
}

}  // namespace instbench::bench
