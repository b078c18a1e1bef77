#include "harness/run/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/report/exact_gate.hpp"
#include "harness/run/comparison_json.hpp"
#include "harness/run/comparison_parts.hpp"
#include "harness/run/fold.hpp"

namespace instbench::bench {
namespace {

TestRow screened_row(const CompareRun& run, const Test& test, const std::vector<Block>& blocks) {
  TestRow row;
  row.case_id = run.case_ids[test.case_index];
  row.metric = test.metric;
  row.stage = "screen";
  row.blocks = log_ratios(blocks, test.case_index, Role::screen, test.metric, kArmB).size();
  row.a_ns = test.a_ns;
  row.b_ns = test.b_ns;
  row.estimate = test.screened.estimate;
  row.interval = test.screened.interval;
  row.tolerance = test.tolerance;
  row.scatter = test.screened.scatter;
  row.control = test.control;
  return row;
}

void set_confirmed(TestRow& row, const CompareRun& run, const Test& test, const Confirmed& confirmed, size_t blocks,
                   const std::vector<Block>& all) {
  row.screen = {
      {"change", change_of(row.estimate)}, {"interval", change_interval(row.interval)}, {"blocks", row.blocks}};
  row.stage = "confirm";
  row.blocks = blocks;
  row.a_ns = median(figures_of(all, test.case_index, Role::confirm, test.metric, kArmA));
  row.b_ns = median(figures_of(all, test.case_index, Role::confirm, test.metric, kArmB));
  row.estimate = confirmed.estimate;
  row.interval = confirmed.interval;
  row.p_regressed = confirmed.p_regressed;
  row.p_improved = confirmed.p_improved;
  row.scatter = confirmed.scatter;
  row.detectable = confirmed.detectable;
  row.verdict = confirmed.verdict;
  row.reason = confirmed.reason;
  row.needs_blocks = confirmed.needs_blocks;
  row.control = confirmed.control;
  set_expected(row, run.policy, run.day);
}

// The screen's verdict, or that of the confirmation where there is one. `failed` are cases of which a process was not ok:
// what was measured of them before is too little to judge.
Json tests_json(const CompareRun& run, const Stages& stages, const std::vector<Block>& blocks,
                const std::set<std::string>& failed) {
  std::vector<ConfirmInput> inputs;
  std::vector<size_t> confirmed;
  for (size_t i = 0; i < stages.tests.size(); ++i) {
    const Test& test = stages.tests[i];
    if (!test.confirmed || !stages.complete || failed.contains(run.case_ids[test.case_index])) continue;
    ConfirmInput input{log_ratios(blocks, test.case_index, Role::confirm, test.metric, kArmB),
                       log_ratios(blocks, test.case_index, Role::confirm, test.metric, kArmControl), test.tolerance};
    // Without a time in all three there is nothing to judge by (find_without_time() says so).
    if (input.d.empty() || input.control.empty()) continue;
    inputs.push_back(std::move(input));
    confirmed.push_back(i);
  }
  const std::vector<Confirmed> verdicts = confirm(inputs, run.settings.procedure);
  Json rows = Json::array();
  for (size_t i = 0; i < stages.tests.size(); ++i) {
    const Test& test = stages.tests[i];
    TestRow row = screened_row(run, test, blocks);
    const auto found = std::find(confirmed.begin(), confirmed.end(), i);
    if (found != confirmed.end()) {
      const auto k = static_cast<size_t>(found - confirmed.begin());
      set_confirmed(row, run, test, verdicts[k], inputs[k].d.size(), blocks);
    } else if (test.confirmed) {
      row.verdict = Verdict::inconclusive;
      row.reason = !stages.complete                                ? "stopped before it was confirmed"
                   : failed.contains(run.case_ids[test.case_index]) ? "a process of its case failed"
                                                                    : "its processes timed nothing";
    } else if (test.screened.scatter) {
      // As if this one alone had slowed down: it would have joined those confirmed.
      const size_t family = inputs.size() + 1;
      const size_t n = confirm_blocks(*test.screened.scatter, std::log1p(test.tolerance), family, run.settings.procedure);
      row.detectable = detectable(*test.screened.scatter, test.tolerance, family, n, run.settings.procedure);
    }
    rows.push_back(to_json(row));
  }
  return rows;
}

// How each arm's worker was built, as its samples say: a debug build measures something else.
void find_builds(const CompareRun& run, const std::vector<Json>& lines, Findings& findings) {
  for (const uint32_t arm : {kArmA, kArmB}) {
    const std::string letter = letter_of(run.arm_ids[arm]);
    const auto line = std::find_if(lines.begin(), lines.end(), [&](const Json& l) {
      return l.at("arm") == run.arm_ids[arm] && l.at("sample").value("status", "") == "ok";
    });
    if (line == lines.end()) continue;
    const Json tool = line->at("sample").value("tool", Json());
    const bool changed = std::any_of(lines.begin(), lines.end(), [&](const Json& l) {
      return l.at("arm") == run.arm_ids[arm] && l.at("sample").value("status", "") == "ok" &&
             l.at("sample").value("tool", Json()) != tool;
    });
    if (changed) findings.failures.push_back("arm " + letter + "'s worker was replaced by another while the run was stopped");
    if (!tool.is_object()) {
      findings.warnings.push_back("arm " + letter + " does not say how its worker was built: make sure it is a release");
      continue;
    }
    const auto text = [&](const char* key) {
      const Json value = tool.value(key, Json());
      return value.is_string() ? value.get<std::string>() : "";
    };
    const std::string type = text("build_type"), sanitizers = text("sanitizers");
    if (type != "Release" && type != "RelWithDebInfo")
      findings.unfit.push_back("arm " + letter + " is a " + (type.empty() ? "nameless" : type) +
                               " build: measure a release");
    else if (tool.value("assertions", Json()) == true || !sanitizers.empty())
      findings.unfit.push_back("arm " + letter + " is built with " +
                               (sanitizers.empty() ? "assertions" : "sanitizers (" + sanitizers + ")") +
                               ": measure a release");
  }
}

// A worker that does not know the injection would make the gate's selftest a lie.
void find_injection(const CompareRun& run, const Json& header, const std::vector<Json>& lines, Findings& findings) {
  if (header.at("run").value("inject", Json()).is_null()) return;
  const bool ignored = std::any_of(lines.begin(), lines.end(), [&](const Json& line) {
    return line.at("arm") == run.arm_ids[kArmB] && line.at("sample").value("status", "") == "ok" &&
           !line.at("sample").contains("injected");
  });
  if (ignored) findings.failures.push_back("B's worker ignores --inject: it is of an older build");
}

// Counts that the independent ptrace pass contradicts, and counting that began before the slots were warm.
void find_miscounts(const CompareRun& run, const Json& cells, Findings& findings) {
  Json counted = Json::array();
  for (const Json& cell : cells) {
    const bool own = cell.at("arm") == run.arm_ids[kArmA] || cell.at("arm") == run.arm_ids[kArmB];
    if (own && cell.at("status") == "ok" && cell.value("counters", Json()).is_object()) counted.push_back(cell);
  }
  const GateReport report = check_counts({{"cells", counted}});
  findings.failures.insert(findings.failures.end(), report.failures.begin(), report.failures.end());
  if (!report.notes.empty())
    findings.warnings.push_back("system calls of " + std::to_string(report.notes.size()) + " of " +
                                std::to_string(counted.size()) + " cells were not counted a second time: " +
                                report.notes.front());
}

std::set<std::string> failed_cases(const std::vector<Json>& lines) {
  std::set<std::string> ids;
  for (const Json& line : lines) {
    if (line.at("sample").value("status", "") != "ok") ids.insert(line.at("case").get<std::string>());
  }
  return ids;
}

// The control is a copy of A: if it fails where A does not, something is wrong with the measurement.
void find_in_control(const CompareRun& run, const Json& cells, Findings& findings) {
  for (const Json& cell : cells) {
    if (cell.at("arm") != run.arm_ids[kArmControl] || cell.at("status") == "ok") continue;
    const std::string reason = cell.value("reason", Json()).is_string() ? cell.at("reason").get<std::string>() : "";
    if (reason == kNotNeeded || reason == kGivenUp) continue;
    if (cell.at("status") == "failed" || !reason.starts_with("not run:"))
      findings.failures.push_back(cell.at("case").get<std::string>() + ", A′: " + cell.at("status").get<std::string>() +
                                  ": " + reason);
  }
}

// The judged parts do not show what is rare and dear; the mean of the whole batch does, and the noise too.
void find_means(const Json& comparison, Findings& findings) {
  for (const Json& row : comparison.at("shown")) {
    if (row.at("metric") != "cycle.mean" || row.at("interval").is_null()) continue;
    for (const Json& test : comparison.at("tests")) {
      if (test.at("case") != row.at("case") || test.at("metric") != "cycle" || test.at("verdict") != "same") continue;
      if (row.at("interval")[0].get<double>() <= test.at("tolerance").get<double>()) continue;
      findings.warnings.push_back(row.at("case").get<std::string>() +
                                  ": cycles are the same, but the mean of the whole batch is beyond the tolerance: "
                                  "something rare became dearer (or the machine was busier beside B)");
    }
  }
}

// A process that is ok and timed nothing must not make its block vanish, or its metric.
void find_without_time(const CompareRun& run, const std::vector<Block>& blocks, Findings& findings) {
  struct Tally {
    size_t counted = 0, without = 0;
    std::map<uint32_t, size_t> instantiated;  // by arm
  };
  std::map<uint32_t, Tally> cases;
  for (const Block& block : blocks) {
    if (!block.counts || block.mixed) continue;
    Tally& tally = cases[block.case_index];
    ++tally.counted;
    const auto timed = [](const auto& arm) { return arm.second.cycle_ns.has_value(); };
    tally.without += std::all_of(block.arms.begin(), block.arms.end(), timed) ? 0 : 1;
    for (const auto& [arm, figures] : block.arms) tally.instantiated[arm] += figures.instantiate_ns ? 1 : 0;
  }
  for (const auto& [index, tally] : cases) {
    const std::string& id = run.case_ids[index];
    if (tally.without != 0)
      findings.failures.push_back(id + ": in " + std::to_string(tally.without) + " of " + std::to_string(tally.counted) +
                                  " blocks a process that was ok has no time per cycle");
    const auto timed = [&](uint32_t arm) { return tally.instantiated.contains(arm) && tally.instantiated.at(arm) != 0; };
    if (timed(kArmA) != timed(kArmB))
      findings.failures.push_back(id + ": instantiate was timed in " + (timed(kArmA) ? "A" : "B") + " only");
  }
}

// Where a worker takes no turns the machine can be busier beside one process of a block than beside the next.
void find_blocks_without_turns(const std::vector<Block>& blocks, Findings& findings) {
  const auto counted = std::count_if(blocks.begin(), blocks.end(), [](const Block& b) { return b.counts; });
  const auto without = std::count_if(blocks.begin(), blocks.end(), [](const Block& b) { return b.counts && !b.in_turns; });
  if (without != 0)
    findings.warnings.push_back("in " + std::to_string(without) + " of " + std::to_string(counted) +
                                " blocks processes ran one after another, since a worker takes no turns");
}

Json label_of(const Json& arm) {
  const std::string id = arm.at("id");
  return {{"arm", id}, {"label", id.substr(std::min(id.size(), id.find(' ') + 1))}};
}

}  // namespace

Json comparison_of(const Json& header, const std::vector<Json>& lines, const Json& cells) {
  const CompareRun run = compare_run_of(header);
  const Stages stages = stages_of(run, lines);
  const std::vector<Block> blocks = blocks_of(run.case_ids, run.arm_ids, lines);
  Findings findings;
  const std::set<std::string> failed = failed_cases(lines);
  find_in_cells(run.case_ids, cells, run.arm_ids[kArmA], run.arm_ids[kArmB], findings);
  find_in_control(run, cells, findings);
  find_coverage(run.case_ids, run.policy, findings);
  find_stale(run.policy, run.day, findings);
  find_builds(run, lines, findings);
  find_injection(run, header, lines, findings);
  find_miscounts(run, cells, findings);
  find_blocks_without_turns(blocks, findings);
  find_without_time(run, blocks, findings);
  if (!stages.complete) findings.unfit.emplace_back("the run was stopped before it was complete");
  const Json arms = header.at("arms");
  Json parts = {{"paired", true},
                {"a", label_of(arms.at(kArmA))},
                {"b", label_of(arms.at(kArmB))},
                {"control", run.arm_ids[kArmControl]},
                {"injected", header.at("run").value("inject", Json())},
                {"tests", tests_json(run, stages, blocks, failed)},
                {"shown", shown_json(run, stages, blocks)},
                {"blocks", blocks_json(run, blocks)},
                {"order_effect", order_effect_json(run, blocks)},
                {"redone", redone_json(run, blocks)}};
  parts.update(counters_json(run.case_ids, cells, run.arm_ids[kArmA], run.arm_ids[kArmB], run.policy, run.day));
  if (stages.complete)
    find_unjudged(run.case_ids, cells, run.arm_ids[kArmA], run.arm_ids[kArmB], parts.at("tests"), findings);
  find_means(parts, findings);
  return comparison_json(run.settings, parts, std::move(findings));
}

std::vector<Json> counted_lines(const Json& header, const std::vector<Json>& lines) {
  const CompareRun run = compare_run_of(header);
  const std::vector<Block> blocks = blocks_of(run.case_ids, run.arm_ids, lines);
  const auto superseded = [&](const Json& line) {
    const std::string role = line.at("role"), id = line.at("case");
    return std::any_of(blocks.begin(), blocks.end(), [&](const Block& b) {
      return !b.counts && name_of(b.stage) == role && run.case_ids[b.case_index] == id &&
             line.at("block") == b.block && line.value("attempt", 0U) == b.attempt;
    });
  };
  std::vector<Json> counted;
  for (const Json& line : lines) {
    if (!superseded(line)) counted.push_back(line);
  }
  return counted;
}

bool comparison_is_complete(const Json& header, const std::vector<Json>& lines) {
  return stages_of(compare_run_of(header), lines).complete;
}

}  // namespace instbench::bench
