#include "harness/run/fold.hpp"

#include <algorithm>
#include <map>

#include "harness/run/compare_plan.hpp"
#include "harness/run/comparison.hpp"
#include "harness/run/sample.hpp"

namespace instbench::bench {
namespace {

using CellKey = std::pair<std::string, std::string>;  // case id, arm id

std::map<CellKey, CellLines> by_cell(const std::vector<Json>& lines) {
  std::map<uint64_t, const Json*> last;  // a killed worker's step that was run again counts once
  for (const Json& line : lines) last[line.at("step").get<uint64_t>()] = &line;
  std::map<CellKey, CellLines> cells;
  for (const Json& line : lines) {
    if (was_killed(line.at("sample")) && last.at(line.at("step").get<uint64_t>()) != &line) continue;
    CellLines& cell = cells[{line.at("case"), line.at("arm")}];
    (line.at("role") == "pilot" ? cell.pilots : cell.blocks).push_back(line);
  }
  return cells;
}

bool is_ok(const Json& line) { return line.at("sample").at("status") == "ok"; }

// A cell that needs no more processes: measured to the end, or given up after one that was not ok.
bool is_finished(const CellLines& lines, uint64_t blocks) {
  const auto not_ok = [](const Json& line) { return !is_ok(line); };
  return lines.blocks.size() >= blocks || std::any_of(lines.pilots.begin(), lines.pilots.end(), not_ok) ||
         std::any_of(lines.blocks.begin(), lines.blocks.end(), not_ok);
}

// Another worker may answer with what is JSON and no sample: that fails its cell, not the run.
Json folded(const CellLines& lines, const std::string& expect, uint64_t blocks, Pilot pilot) {
  try {
    return fold_cell(lines, expect, blocks, pilot);
  } catch (const Json::exception& error) {
    return {{"status", "failed"}, {"reason", "worker: a sample is not as the protocol has it: " + reason_of(error)}};
  }
}

Json run_of(const Json& header, const std::vector<Json>& lines, bool complete) {
  Json run = header.at("run");
  run["ended"] = lines.empty() ? run.at("started") : lines.back().at("at");
  run["complete"] = complete;
  return run;
}

}  // namespace

Json fold(const Json& header, const std::vector<Json>& lines) {
  const bool compares = header.at("run").value("mode", "run") == "compare";
  const auto measured = by_cell(compares ? counted_lines(header, lines) : lines);
  const uint64_t blocks = header.at("run").at("blocks");
  const Pilot pilot = header.at("pilots").get<bool>() ? Pilot::planned : Pilot::none;
  bool complete = !compares || comparison_is_complete(header, lines);
  Json cells = Json::array(), errors = Json::array();
  for (const Json& c : header.at("cases")) {
    const std::string module = c.at("module");
    for (const Json& arm : header.at("arms")) {
      Json cell;
      const std::string own_module = arm.value("module", module);
      if (header.at("unrunnable").contains(own_module)) {
        cell = header.at("unrunnable").at(own_module);
      } else {
        const auto found = measured.find({c.at("id"), arm.at("id")});
        const CellLines own = found == measured.end() ? CellLines{} : found->second;
        cell = folded(own, header.at("expect").value(own_module, ""), blocks, pilot);
        // A comparison has its own reasons not to measure a cell.
        if (compares && complete && cell.at("status") == "skipped" && own.blocks.empty()) {
          const bool is_control = arm == header.at("arms").at(kArmControl);
          const auto a = measured.find({c.at("id"), header.at("arms").at(kArmA).at("id")});
          const bool went_on = a != measured.end() && !a->second.blocks.empty();
          if (is_control && went_on)
            cell["reason"] = kNotNeeded;
          else if (std::all_of(own.pilots.begin(), own.pilots.end(), is_ok))
            cell["reason"] = kGivenUp;
        }
        complete = complete && (compares || is_finished(own, blocks));
      }
      cell["case"] = c.at("id");
      cell["arm"] = arm.at("id");
      if (cell.at("status") == "failed") {
        errors.push_back({{"case", c.at("id")}, {"arm", arm.at("id")}, {"reason", cell.at("reason")}});
      }
      cells.push_back(std::move(cell));
    }
  }
  Json comparison;
  if (compares) comparison = comparison_of(header, lines, cells);
  Json result = {{"schema", "instbench-result/1"},
          {"tool", header.at("tool")},
          {"run", run_of(header, lines, complete)},
          {"machine", header.at("machine")},
          {"modules", header.at("modules")},
          {"arms", header.at("arms")},
          {"cases", header.at("cases")},
          {"cells", cells},
          {"errors", errors}};
  if (compares) result["comparison"] = std::move(comparison);
  return result;
}

}  // namespace instbench::bench
