#include "harness/run/compare_stages.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/run/fold.hpp"

namespace instbench::bench {
namespace {

// A shorter one is not judged by itself: its clock reads would be a large part of it.
constexpr double kShortestInstantiateNs = 1000;

// What the lines say of the plan's steps.
class Done {
 public:
  Done(const CompareRun& run, const std::vector<Json>& lines) : lines_(lines) {
    for (const Json& line : lines) {
      const uint32_t step = line.at("step");
      steps_.insert(step);
      if (line.at("sample").value("status", "") == "ok") continue;
      const std::string id = line.at("case");
      failed_.emplace(std::find(run.case_ids.begin(), run.case_ids.end(), id) - run.case_ids.begin(), step);
    }
  }
  // A step before `end` was not ok: the case was given up there.
  bool failed_before(uint32_t case_index, size_t end) const {
    const auto found = failed_.find(case_index);
    return found != failed_.end() && found->second < end;
  }
  // Every step has been run, or its case was given up; both pilots are always asked.
  bool covers(const std::vector<Step>& plan) const {
    return std::all_of(plan.begin(), plan.end(), [this](const Step& s) {
      return steps_.contains(s.number) || (s.role != Role::pilot && failed_before(s.case_index, s.number));
    });
  }
  std::vector<Block> blocks(const CompareRun& run, size_t end) const {
    return blocks_of(run.case_ids, run.arm_ids, lines_, end);
  }

 private:
  const std::vector<Json>& lines_;
  std::set<uint32_t> steps_;
  std::map<std::ptrdiff_t, uint32_t> failed_;  // case -> its first step that was not ok
};

void append(std::vector<Step>& plan, std::vector<Step> steps) {
  for (Step& step : steps) {
    step.number = static_cast<uint32_t>(plan.size());
    plan.push_back(step);
  }
}

// Adds what is to be measured again, round after round. False when something of it has yet to be run.
bool add_redone(const CompareRun& run, const Done& done, Role stage, std::vector<Step>& plan) {
  for (;;) {
    if (!done.covers(plan)) return false;
    std::vector<Block> again = to_redo(done.blocks(run, plan.size()), stage);
    std::erase_if(again, [&](const Block& b) {
      return !run.redone[b.case_index] || done.failed_before(b.case_index, plan.size());
    });
    if (again.empty()) return true;
    append(plan, redo_steps(again));
  }
}

std::optional<Test> test_of(const CompareRun& run, const std::vector<Block>& blocks, uint32_t case_index,
                            Metric metric) {
  const std::vector<double> a = figures_of(blocks, case_index, Role::screen, metric, kArmA);
  const std::vector<double> b = figures_of(blocks, case_index, Role::screen, metric, kArmB);
  const std::vector<double> d = log_ratios(blocks, case_index, Role::screen, metric, kArmB);
  if (d.empty()) return std::nullopt;
  Test test;
  test.case_index = case_index;
  test.metric = metric;
  test.a_ns = median(a);
  test.b_ns = median(b);
  if (metric == Metric::instantiate && std::max(test.a_ns, test.b_ns) < kShortestInstantiateNs) return std::nullopt;
  const double share =
      run.policy.tolerance_of(run.case_ids[case_index], name_of(metric), run.settings.tolerance);
  test.tolerance = tolerance_share(test.a_ns, share, run.settings.floor_ns);
  test.screened = screen(d, test.tolerance);
  test.control = judge_control(log_ratios(blocks, case_index, Role::screen, metric, kArmControl), test.tolerance);
  test.confirmed = !test.screened.cleared;
  return test;
}

std::vector<Test> tests_of(const CompareRun& run, const Stages& stages, const std::vector<Block>& blocks) {
  std::vector<Test> tests;
  for (const uint32_t c : stages.measured) {
    for (const Metric metric : {Metric::cycle, Metric::instantiate}) {
      std::optional<Test> test = test_of(run, blocks, c, metric);
      if (!test) continue;
      if (stages.control_case == c && !test->control.inside) test->confirmed = true;
      tests.push_back(*std::move(test));
    }
  }
  return tests;
}

std::vector<Confirmation> confirmations_of(const CompareRun& run, const std::vector<Test>& tests) {
  const auto family = static_cast<size_t>(
      std::count_if(tests.begin(), tests.end(), [](const Test& test) { return test.confirmed; }));
  std::vector<Confirmation> cases;
  for (const Test& test : tests) {
    if (!test.confirmed) continue;
    const Procedure& procedure = run.settings.procedure;
    const auto blocks = static_cast<uint32_t>(
        test.screened.scatter
            ? confirm_blocks(*test.screened.scatter, std::log1p(test.tolerance), family, procedure)
            : procedure.confirm_most);
    if (!cases.empty() && cases.back().case_index == test.case_index)
      cases.back().blocks = std::max(cases.back().blocks, blocks);
    else
      cases.push_back({test.case_index, blocks});
  }
  return cases;
}

}  // namespace

Json to_json(const CompareSettings& s) {
  return {{"tolerance", s.tolerance},
          {"floor_ns", s.floor_ns},
          {"screen_blocks", s.procedure.screen_blocks},
          {"screen_error", s.procedure.screen_error},
          {"family_error", s.procedure.family_error},
          {"confirm_blocks_least", s.procedure.confirm_least},
          {"confirm_blocks_most", s.procedure.confirm_most},
          {"power", s.procedure.power},
          {"inconclusive_passes", s.inconclusive_passes},
          {"policy", s.policy}};
}

CompareSettings compare_settings_of(const Json& s) {
  return {s.at("tolerance"),
          s.at("floor_ns"),
          {s.at("screen_blocks"), s.at("screen_error"), s.at("family_error"), s.at("confirm_blocks_least"),
           s.at("confirm_blocks_most"), s.at("power")},
          s.at("inconclusive_passes"),
          s.at("policy")};
}

std::string day_of(const Json& run) { return run.at("started").get<std::string>().substr(0, 10); }

CompareRun compare_run_of(const Json& header) {
  CompareRun run;
  run.settings = compare_settings_of(header.at("compare"));
  if (!run.settings.policy.is_null()) run.policy = parse_policy(run.settings.policy, "the policy");
  run.seed = header.at("run").at("seed");
  run.day = day_of(header.at("run"));
  std::vector<std::string> arm_modules;  // empty: the case's own
  for (const Json& arm : header.at("arms")) {
    run.arm_ids.push_back(arm.at("id"));
    arm_modules.push_back(arm.value("module", ""));
  }
  for (const Json& c : header.at("cases")) {
    const std::string own = c.at("module");
    const bool ready = std::none_of(arm_modules.begin(), arm_modules.end(), [&](const std::string& other) {
      return header.at("unrunnable").contains(other.empty() ? own : other);
    });
    if (ready) run.runnable.push_back(static_cast<uint32_t>(run.case_ids.size()));
    run.case_ids.push_back(c.at("id"));
    run.redone.push_back(c.value("threads", uint64_t{1}) == 1);
  }
  return run;
}

Stages stages_of(const CompareRun& run, const std::vector<Json>& lines) {
  const Done done(run, lines);
  Stages stages;
  append(stages.plan, pilot_steps(run.runnable));
  if (!done.covers(stages.plan)) return stages;
  for (const uint32_t c : run.runnable) {
    if (!done.failed_before(c, stages.plan.size())) stages.measured.push_back(c);
  }
  stages.complete = stages.measured.empty();
  if (stages.complete) return stages;
  stages.control_case = stages.measured.front();
  append(stages.plan, screen_steps(stages.measured, *stages.control_case,
                                   static_cast<uint32_t>(run.settings.procedure.screen_blocks), run.seed));
  if (!add_redone(run, done, Role::screen, stages.plan)) return stages;
  // A case that fails after this point keeps its place in the plan: what followed was planned with it.
  std::erase_if(stages.measured, [&](uint32_t c) { return done.failed_before(c, stages.plan.size()); });
  stages.tests = tests_of(run, stages, done.blocks(run, stages.plan.size()));
  stages.confirmations = confirmations_of(run, stages.tests);
  append(stages.plan, confirm_steps(stages.confirmations, run.seed));
  stages.complete = add_redone(run, done, Role::confirm, stages.plan);
  return stages;
}

}  // namespace instbench::bench
