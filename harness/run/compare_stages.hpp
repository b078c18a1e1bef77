// A comparison's stages: from what is recorded so far to what is judged, and to what is measured next. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/judge/power.hpp"
#include "harness/judge/verdict.hpp"
#include "harness/report/policy.hpp"
#include "harness/run/compare_plan.hpp"

namespace instbench::bench {

// What a comparison goes by, beside its cases and arms. Kept in the journal's header.
struct CompareSettings {
  double tolerance = 0.03;  // share of A's time
  double floor_ns = 20;     // the tolerance is never less than this: about one clock read
  Procedure procedure;
  bool inconclusive_passes = false;
  Json policy;  // the policy file's content, or null
};
Json to_json(const CompareSettings& settings);
CompareSettings compare_settings_of(const Json& json);

// The parts of a journal's header that decide the plan and the verdicts.
struct CompareRun {
  std::vector<std::string> case_ids, arm_ids;
  std::vector<bool> redone;          // by case: are disturbed blocks measured again? (one measured thread)
  std::vector<uint32_t> runnable;    // cases whose modules are ready in both arms
  uint64_t seed = 1;
  std::string day;  // on which it began (UTC), "2026-11-26": that of the policy's intended changes
  CompareSettings settings;
  Policy policy;
};
CompareRun compare_run_of(const Json& header);
std::string day_of(const Json& run);  // a header's or a result's "run"

// One case × metric, as the screen left it.
struct Test {
  uint32_t case_index = 0;
  Metric metric = Metric::cycle;
  double a_ns = 0, b_ns = 0;  // medians of the screen
  double tolerance = 0;       // share
  Screened screened;
  Control control;            // of the screen: without blocks in all cases but one
  bool confirmed = false;     // the screen did not clear it, or it is the control's case and the control was outside
};

struct Stages {
  std::vector<uint32_t> measured;  // cases whose pilots were all right
  std::optional<uint32_t> control_case;
  std::vector<Test> tests;         // empty until the screen is complete
  std::vector<Confirmation> confirmations;
  std::vector<Step> plan;          // all steps known so far, numbered
  bool complete = false;           // and every one of them has been run: nothing follows
};
Stages stages_of(const CompareRun& run, const std::vector<Json>& lines);

}  // namespace instbench::bench
