// A comparison with a saved result: processes measured at another time, so there are no blocks and no control.
#include <algorithm>
#include <cmath>
#include <set>

#include "harness/judge/rank_sum.hpp"
#include "harness/report/lock.hpp"
#include "harness/run/comparison.hpp"
#include "harness/run/comparison_json.hpp"
#include "harness/run/comparison_parts.hpp"
#include "harness/run/fold.hpp"

namespace instbench::bench {
namespace {

constexpr const char* kA = "A";
constexpr const char* kB = "B";

struct Side {
  const Json& result;
  const std::string& arm;

  const Json* cell(const std::string& case_id) const {
    for (const Json& cell : result.at("cells")) {
      if (cell.at("case") == case_id && cell.at("arm") == arm) return &cell;
    }
    return nullptr;
  }
};

// The cells of both sides under the arm ids "A" and "B", so that what is said of a paired comparison can be said of them.
Json merged_cells(const Side& a, const Side& b, const std::set<std::string>& ids) {
  Json cells = Json::array();
  for (const std::string& id : ids) {
    for (const auto& [side, letter] : {std::pair(&a, kA), std::pair(&b, kB)}) {
      const Json* cell = side->cell(id);
      if (cell == nullptr) continue;
      cells.push_back(*cell);
      cells.back()["arm"] = letter;
    }
  }
  return cells;
}

std::vector<double> times_of(const Json& cell) {
  std::vector<double> times;
  const Json batch = cell.value("batch", Json());
  if (!batch.is_object()) return times;
  for (const Json& time : batch.at("real_ns")) {
    if (time.is_number() && time.get<double>() > 0) times.push_back(time);
  }
  return times;
}

std::vector<double> logarithms(std::vector<double> values) {
  for (double& value : values) value = std::log(value);
  return values;
}

TestRow row_of(const std::string& id, const std::vector<double>& a, const std::vector<double>& b, size_t tests,
               const CompareSettings& settings, const Policy& policy, const std::string& day, UnpairedClock clock) {
  const double tolerance =
      tolerance_share(median(a), policy.tolerance_of(id, "cycle", settings.tolerance), settings.floor_ns);
  const Unpaired judged = judge_unpaired(logarithms(a), logarithms(b), tolerance, tests, settings.procedure);
  TestRow row;
  row.case_id = id;
  row.stage = "unpaired";
  row.gates = clock == UnpairedClock::gates;
  row.blocks = std::min(a.size(), b.size());
  row.a_ns = median(a);
  row.b_ns = median(b);
  row.estimate = judged.estimate;
  row.interval = judged.interval;
  row.tolerance = tolerance;
  row.p_regressed = judged.p_regressed;
  row.p_improved = judged.p_improved;
  row.scatter = judged.scatter;
  row.detectable = judged.detectable;
  row.verdict = judged.verdict;
  row.reason = judged.reason;
  set_expected(row, policy, day);
  return row;
}

// Counts of two kernels or of kernels with other features differ for reasons of their own.
std::string other_machine(const Json& a, const Json& b) {
  const Json key_a = feature_key(a), key_b = feature_key(b);
  for (const auto& [name, there] : key_a.items()) {
    if (key_b.value(name, Json()) != there)
      return name + " was " + there.dump() + ", is " + key_b.value(name, Json()).dump();
  }
  return kernel_series(a) == kernel_series(b) ? "" : "the kernel was " + kernel_series(a) + ", is " + kernel_series(b);
}

// Of the worker where the arm names another build, else of the instbench that measured.
void find_build(const Side& side, const char* letter, Findings& findings) {
  Json tool = side.result.at("tool"), build;
  for (const Json& arm : side.result.at("arms")) {
    if (arm.at("id") == side.arm) build = arm.value("build", Json());
  }
  for (const Json& cell : side.result.at("cells")) {
    if (cell.at("arm") == side.arm && cell.value("tool", Json()).is_object()) tool = cell.at("tool");
  }
  const std::string type = tool.value("build_type", "");
  if ((type != "Release" && type != "RelWithDebInfo") || tool.value("assertions", false) ||
      tool.value("sanitizers", "") != "")
    findings.unfit.push_back(std::string("arm ") + letter + " was measured with a build that is no release");
  if (side.result.at("run").value("complete", true) != true)
    findings.unfit.push_back(std::string("arm ") + letter + ": its run was stopped before it was complete");
  if (!side.result.at("run").value("inject", Json()).is_null())
    findings.unfit.push_back(std::string("arm ") + letter + ": its run injected a slowdown");
}

// A process of a comparison times each part after another one has had the caches, a process of a run does not.
void find_other_method(const Side& a, const Side& b, UnpairedClock clock, Findings& findings) {
  const auto compares = [](const Side& side) { return side.result.at("run").value("mode", "run") == "compare"; };
  if (compares(a) == compares(b)) return;
  auto& into = clock == UnpairedClock::gates ? findings.unfit : findings.warnings;
  into.push_back(std::string("arm ") + (compares(a) ? kA : kB) +
                 " is of a comparison, whose processes take turns, and the other one was measured alone: their times "
                 "are not comparable; save a result of `instbench run`");
}

}  // namespace

Json unpaired_comparison(const Json& a_result, const std::string& a, const Json& b_result, const std::string& b,
                         const Json& settings_json, UnpairedClock clock) {
  const CompareSettings settings = compare_settings_of(settings_json);
  const Policy policy = settings.policy.is_null() ? Policy() : parse_policy(settings.policy, "the policy");
  const std::string day = std::max(day_of(a_result.at("run")), day_of(b_result.at("run")));
  const Side side_a{a_result, a}, side_b{b_result, b};
  std::set<std::string> ids;
  for (const Json* result : {&a_result, &b_result}) {
    for (const Json& c : result->at("cases")) ids.insert(c.at("id").get<std::string>());
  }
  const std::vector<std::string> case_ids(ids.begin(), ids.end());
  const Json cells = merged_cells(side_a, side_b, ids);

  Findings findings;
  find_in_cells(case_ids, cells, kA, kB, findings);
  find_coverage(case_ids, policy, findings);
  find_stale(policy, day, findings);
  find_build(side_a, kA, findings);
  find_build(side_b, kB, findings);
  find_other_method(side_a, side_b, clock, findings);
  struct Measured {
    std::string id;
    std::vector<double> a, b;
  };
  std::vector<Measured> measured;
  for (const std::string& id : case_ids) {
    const Json *in_a = side_a.cell(id), *in_b = side_b.cell(id);
    if (in_a == nullptr || in_b == nullptr || in_a->at("status") != "ok" || in_b->at("status") != "ok") continue;
    Measured m{id, times_of(*in_a), times_of(*in_b)};
    if (!m.a.empty() && !m.b.empty()) measured.push_back(std::move(m));
  }
  Json tests = Json::array();
  for (const Measured& m : measured)
    tests.push_back(to_json(row_of(m.id, m.a, m.b, measured.size(), settings, policy, day, clock)));
  findings.warnings.emplace_back("unpaired: one side was measured at another time, so what changed on the machine since "
                                 "is in these figures too");
  const std::string differs = other_machine(a_result, b_result);
  Json counters = {{"counters", Json::array()}, {"counters_equal", 0}};
  if (differs.empty())
    counters = counters_json(case_ids, cells, kA, kB, policy, day);
  else
    findings.warnings.push_back("exact counters are not compared: " + differs);
  size_t compared = counters.at("counters_equal");
  for (const Json& counter : counters.at("counters")) compared += counter.at("verdict") == "changed" ? 1 : 0;
  if (compared == 0 && clock == UnpairedClock::shown)
    findings.unfit.emplace_back("nothing here can gate: an unpaired clock does not (--allow-unpaired), and no exact "
                                "counter could be compared");
  find_unjudged(case_ids, cells, kA, kB, tests, findings);
  Json parts = {{"paired", false},
                {"a", {{"arm", a}, {"label", a + ", run " + a_result.at("run").value("id", "?")}}},
                {"b", {{"arm", b}, {"label", b + ", run " + b_result.at("run").value("id", "?")}}},
                {"injected", b_result.at("run").value("inject", Json())},
                {"tests", tests}};
  parts.update(counters);
  return comparison_json(settings, parts, std::move(findings));
}

}  // namespace instbench::bench
