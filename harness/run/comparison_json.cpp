#include "harness/run/comparison_json.hpp"

#include <algorithm>
#include <map>

namespace instbench::bench {
namespace {

Json control_json(const Control& control) {
  if (!control.estimate) return nullptr;
  return {{"change", change_of(*control.estimate)},
          {"interval", change_interval(control.interval)},
          {"inside", control.inside},
          {"blocks", control.blocks}};
}

// By verdict, zeros included.
Json counts_of(const Json& tests) {
  std::map<std::string, int> counts{{"improved", 0}, {"same", 0}, {"regressed", 0}, {"inconclusive", 0}};
  for (const Json& test : tests) ++counts[test.at("verdict").get<std::string>()];
  return counts;
}

// 1 failures, 5 coverage, 3 a test regressed or a counter changed (unless expected), 4 inconclusive or unfit, 0.
int exit_code_of(const Json& comparison, bool inconclusive_passes) {
  const auto any = [&](const char* list, const auto& is) {
    return std::any_of(comparison.at(list).begin(), comparison.at(list).end(), is);
  };
  // A saved result's clock is shown and does not gate, unless it was asked to.
  const auto unexpected = [](const Json& row, const char* verdict) {
    return row.value("gates", true) && row.at("verdict") == verdict && row.at("expected").is_null();
  };
  if (!comparison.at("failures").empty()) return 1;
  if (!comparison.at("coverage").empty()) return 5;
  if (any("tests", [&](const Json& test) { return unexpected(test, "regressed"); }) ||
      any("counters", [&](const Json& counter) { return unexpected(counter, "changed"); }))
    return 3;
  if (!comparison.at("unfit").empty()) return 4;
  const bool unsure = any("tests", [&](const Json& test) { return unexpected(test, "inconclusive"); });
  return unsure && !inconclusive_passes ? 4 : 0;
}

}  // namespace

Json to_json(const TestRow& row) {
  return {{"case", row.case_id},
          {"metric", name_of(row.metric)},
          {"stage", row.stage},
          {"gates", row.gates},
          {"blocks", row.blocks},
          {"a_ns", row.a_ns},
          {"b_ns", row.b_ns},
          {"change", change_of(row.estimate)},
          {"interval", change_interval(row.interval)},
          {"tolerance", row.tolerance},
          {"p_regressed", or_null(row.p_regressed)},
          {"p_improved", or_null(row.p_improved)},
          {"scatter", or_null(row.scatter)},
          {"detectable", or_null(row.detectable)},
          {"verdict", name_of(row.verdict)},
          {"reason", row.reason},
          {"needs_blocks", or_null(row.needs_blocks)},
          {"control", control_json(row.control)},
          {"screen", row.screen},
          {"expected", row.expected.empty() ? Json(nullptr) : Json(row.expected)}};
}

void set_expected(TestRow& row, const Policy& policy, const std::string& day) {
  if (row.verdict != Verdict::regressed && row.verdict != Verdict::improved) return;
  const Policy::Intent intent = policy.intent_of(row.case_id, name_of(row.metric), change_of(row.estimate), day);
  row.expected = intent.why;
  row.reason = intent.but;
}

Json comparison_json(const CompareSettings& settings, const Json& parts, Findings findings) {
  if (parts.at("tests").empty() && findings.coverage.empty() && findings.failures.empty())
    findings.failures.emplace_back("nothing was judged");
  Json comparison = {{"control", nullptr},
                     {"tolerance", {{"share", settings.tolerance}, {"floor_ns", settings.floor_ns}}},
                     {"family_error", settings.procedure.family_error},
                     {"screen_blocks", settings.procedure.screen_blocks},
                     {"confirm_blocks_most", settings.procedure.confirm_most},
                     {"inconclusive_passes", settings.inconclusive_passes},
                     {"shown", Json::array()},
                     {"blocks", Json::array()},
                     {"order_effect", nullptr},
                     {"redone", nullptr},
                     {"verdicts", counts_of(parts.at("tests"))},
                     {"coverage", findings.coverage},
                     {"skipped", findings.skipped},
                     {"failures", findings.failures},
                     {"unfit", findings.unfit},
                     {"warnings", findings.warnings}};
  comparison.update(parts);
  comparison["exit_code"] = exit_code_of(comparison, settings.inconclusive_passes);
  return comparison;
}

}  // namespace instbench::bench
