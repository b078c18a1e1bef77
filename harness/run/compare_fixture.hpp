// For tests: a comparison whose worker is a function.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <functional>

#include "harness/run/compare_stages.hpp"
#include "harness/run/comparison.hpp"
#include "harness/run/fold.hpp"
#include "harness/run/runner.hpp"

namespace instbench::bench {

inline Experiment comparison_experiment(size_t cases, CompareSettings settings = {}) {
  Experiment e;
  e.settings.mode = Mode::compare;
  e.settings.blocks = static_cast<uint32_t>(settings.procedure.screen_blocks);
  e.settings.parts = 4;
  e.settings.compare = to_json(settings);
  for (size_t i = 0; i < cases; ++i) {
    Case c;
    c.module = std::string(1, static_cast<char>('a' + i));
    e.cases.push_back(c);
    e.modules[c.module].path = c.module + ".wasm";
    e.modules[c.module].facts = {{"name", c.module}};
  }
  for (const char* id : {"A core:x", "B core:y", "A′ core:x"}) e.arms.push_back({"core", "s", id});
  return e;
}

// 0.01 in one of 100 is a scatter that a verdict can be reached with; the same for the same request.
inline double wobble(const Request& request, size_t call) {
  const size_t hash = std::hash<std::string>()(request.arm.id + id_of(request.cell) + std::to_string(call));
  return 1 + 0.01 * (static_cast<double>(hash % 2001) / 1000 - 1);
}

inline Json good_sample(double cycle_ns, double instantiate_ns = 100) {
  const Json counts = {{"syscalls.madvise", 1.0}};
  return {{"protocol", 1},
          {"status", "ok"},
          {"reason", nullptr},
          {"verified", true},
          {"tool", {{"build_type", "Release"}, {"assertions", false}, {"sanitizers", ""}}},
          {"batch", {{"real_ns", cycle_ns * 2}, {"iterations", 8}, {"parts_ns", {cycle_ns * 3, cycle_ns, cycle_ns * 2, cycle_ns}}}},
          {"phases", {{"instantiate", {{"p50", instantiate_ns}}}}},
          {"counters", {{"cycles", {4, 12}}, {"cycle", counts}, {"release", counts}}},
          {"noise", {{"wall_ns", 1e6}, {"run_delay_ns", 0}}}};
}

struct Compared {
  std::vector<Json> lines;
  Json header, result;
  const Json& comparison() const { return result.at("comparison"); }
  const Json& test(size_t i) const { return comparison().at("tests").at(i); }
};

// What a worker answers to its `call`-th request, counted from 0; nothing: Ctrl-C.
using Answer = std::function<std::optional<Json>(const Request&, size_t call)>;

// Runs to the end, or until the answer is nothing; goes on from `done`.
inline Compared drive(Experiment e, const Answer& answer, const std::vector<Json>& done = {},
                      const std::string& by = "1") {
  Compared c;
  c.header = header_of(e, "id", "2026-01-01T00:00:00Z");
  c.lines = done;
  const CompareRun run = compare_run_of(c.header);
  std::atomic<size_t> call = done.size();
  for (;;) {
    const Stages stages = stages_of(run, c.lines);
    if (stages.complete) break;
    e.plan = stages.plan;
    const size_t before = c.lines.size();
    Progress progress(Visibility::hidden, e.plan.size());
    const std::vector<Json> so_far = c.lines;
    const End end = execute(
        e, so_far, [&](const Request& request) { return answer(request, call++); },
        [&](Json line) {
          line["by"] = by;
          c.lines.push_back(line);
        },
        progress);
    if (end == End::interrupted) break;
    if (c.lines.size() == before) {
      ADD_FAILURE() << "a stage ran nothing";
      break;
    }
  }
  c.result = fold(c.header, c.lines);
  return c;
}

}  // namespace instbench::bench
