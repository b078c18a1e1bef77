#include "harness/run/fold.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

Json sample(double real_ns, double madvise) {
  return {{"protocol", 1},
          {"status", "ok"},
          {"reason", nullptr},
          {"verified", true},
          {"first", {{"cycle", real_ns * 10}, {"path", "slot=fresh"}}},
          {"batch", {{"iterations", 100}, {"real_ns", real_ns}, {"cpu_ns", real_ns}}},
          {"phases", {{"samples", 10}, {"resolution_ns", 100.5}, {"cycle", {{"p50", real_ns}, {"p99", nullptr}}}}},
          {"phases_by_path", {{"slot=hit", {{"samples", 10}, {"cycle_p50", real_ns}}}}},
          {"counters", {{"cycles", {64, 192}}, {"cycle", {{"syscalls.madvise", madvise}}}}},
          {"paths", {{"slot=hit", 10}}},
          {"noise", {{"wall_ns", 1000}, {"run_delay_ns", 5}, {"steal_ticks", 1}, {"migrations", nullptr}}}};
}

Json failed(const std::string& reason) { return {{"protocol", 1}, {"status", "failed"}, {"reason", reason}}; }
Json skipped(const std::string& reason) { return {{"protocol", 1}, {"status", "skipped"}, {"reason", reason}}; }

Json line(const Json& s, const char* role = "block", const char* arm = "core:a") {
  return {{"step", 0},    {"case", "m none s1"},          {"arm", arm},
          {"role", role}, {"at", "2026-01-01T00:00:00Z"}, {"sample", s}};
}

CellLines cell_of(const std::vector<Json>& samples) {
  CellLines lines;
  lines.pilots.push_back(line(samples.front(), "pilot"));
  for (size_t i = 1; i < samples.size(); ++i) lines.blocks.push_back(line(samples[i]));
  return lines;
}

Json folded(const std::vector<Json>& samples, const std::string& expect = "") {
  return fold_cell(cell_of(samples), expect, 3, Pilot::planned);
}

TEST(FoldCell, TakesMediansOverBlocksNotThePilot) {
  const Json cell = folded({sample(9999, 1), sample(30, 1), sample(10, 1), sample(20, 1)});
  EXPECT_EQ(cell["status"], "ok");
  EXPECT_EQ(cell["processes"], 3);
  EXPECT_EQ(cell["batch"]["median_real_ns"], 20);
  EXPECT_EQ(cell["batch"]["real_ns"], Json({30.0, 10.0, 20.0}));
  EXPECT_EQ(cell["phases"]["cycle"]["p50"], 20);
  EXPECT_TRUE(cell["phases"]["cycle"]["p99"].is_null());
  EXPECT_EQ(cell["phases_by_path"]["slot=hit"]["samples"], 30);
  EXPECT_EQ(cell["paths"]["slot=hit"], 40);  // the pilot's paths count
  EXPECT_EQ(cell["first"]["path"], "slot=fresh");
  EXPECT_EQ(cell["noise"]["run_delay_share_max"], 0.005);
  EXPECT_EQ(cell["noise"]["steal_ticks"], 3);
  EXPECT_TRUE(cell["noise"]["migrations"].is_null());
  EXPECT_EQ(cell["verified"], true);
}

TEST(FoldCell, AFailedProcessFailsTheCellWithItsReason) {
  const Json cell = folded({sample(1, 1), sample(1, 1), failed("leak of 3 mappings"), sample(1, 1)});
  EXPECT_EQ(cell["status"], "failed");
  EXPECT_EQ(cell["reason"], "leak of 3 mappings");
  EXPECT_FALSE(cell.contains("batch"));
}

TEST(FoldCell, ASkippedPilotSkipsTheCell) {
  EXPECT_EQ(folded({skipped("no memfd")})["status"], "skipped");
  EXPECT_EQ(folded({skipped("no memfd")})["reason"], "no memfd");
}

TEST(FoldCell, AnUnverifiedInstanceIsAFailure) {
  Json wrong = sample(1, 1);
  wrong["verified"] = false;
  EXPECT_EQ(folded({wrong, sample(1, 1)})["status"], "failed");
}

TEST(FoldCell, VerificationThatDidNotHappenIsUnknown) {
  Json silent = sample(1, 1);
  silent["verified"] = nullptr;
  EXPECT_TRUE(folded({silent, silent})["verified"].is_null());
}

TEST(FoldCell, AnExpectedTrapIsSkippedAndAnUnexpectedOneFails) {
  const Json trap = failed("instantiation failed: data segment 2 is out of bounds");
  EXPECT_EQ(folded({trap}, "instantiation fails: data")["status"], "skipped");
  EXPECT_EQ(folded({trap}, "instantiation fails: data")["reason"],
            "expected: instantiation fails: data segment 2 is out of bounds");
  EXPECT_EQ(folded({trap})["status"], "failed");
  EXPECT_EQ(folded({failed("worker: killed by signal 11")}, "instantiation fails: data")["status"], "failed");
  EXPECT_EQ(folded({sample(1, 1), sample(1, 1)}, "instantiation fails: data")["status"], "failed");
}

TEST(FoldCell, WhatWasNotRunSaysSo) {
  const Json only_pilot = folded({sample(1, 1)});
  EXPECT_EQ(only_pilot["status"], "skipped");
  EXPECT_NE(only_pilot["reason"].get<std::string>().find("not run"), std::string::npos);
  EXPECT_EQ(fold_cell({}, "", 3, Pilot::planned)["status"], "skipped");
}

Json counter(const std::vector<double>& values) {
  std::vector<Json> processes;
  for (const double value : values) processes.push_back({{"cycles", {1, 2}}, {"cycle", {{"x", value}}}});
  return fold_counters(processes)["cycle"]["x"];
}

TEST(FoldCounters, ExactOnlyWhenTheSameWholeNumberInThreeProcesses) {
  EXPECT_EQ(counter({2, 2, 2}), Json({{"exact", true}, {"value", 2}}));
  EXPECT_EQ(counter({2, 2}), Json({{"exact", false}, {"min", 2.0}, {"max", 2.0}}));
  EXPECT_EQ(counter({2, 2, 3}), Json({{"exact", false}, {"min", 2.0}, {"max", 3.0}}));
  EXPECT_EQ(counter({2.5, 2.5, 2.5}), Json({{"exact", false}, {"min", 2.5}, {"max", 2.5}}));
}

TEST(FoldCounters, AProcessThatListsNoCounterSawZero) {
  const Json with = {{"cycle", {{"x", 1.0}}}}, without = {{"cycle", Json::object()}};
  EXPECT_EQ(fold_counters({with, with, without})["cycle"]["x"], Json({{"exact", false}, {"min", 0.0}, {"max", 1.0}}));
}

Json header(const Json& unrunnable) {
  return {{"schema", "instbench-journal/1"},
          {"tool", Json::object()},
          {"machine", Json::object()},
          {"run", {{"id", "r"}, {"started", "2026-01-01T00:00:00Z"}, {"blocks", 1}}},
          {"pilots", true},
          {"modules", Json::array()},
          {"unrunnable", unrunnable},
          {"expect", Json::object()},
          {"arms", {{{"id", "core:a"}}, {{"id", "core:b"}}}},
          {"cases", {{{"id", "m none s1"}, {"module", "m"}}}}};
}

TEST(Fold, EveryCellIsThereAndAStopIsNotComplete) {
  const Json result = fold(header(Json::object()), {line(sample(1, 1), "pilot"), line(sample(1, 1))});
  ASSERT_EQ(result["cells"].size(), 2U);
  EXPECT_EQ(result["cells"][0]["status"], "ok");
  EXPECT_EQ(result["cells"][1]["status"], "skipped");
  EXPECT_EQ(result["run"]["complete"], false);
}

TEST(Fold, AGivenUpCellIsComplete) {
  const Json result = fold(header(Json::object()),
                           {line(sample(1, 1), "pilot"), line(sample(1, 1)), line(failed("crash"), "pilot", "core:b")});
  EXPECT_EQ(result["run"]["complete"], true);
  ASSERT_EQ(result["errors"].size(), 1U);
  EXPECT_EQ(result["errors"][0]["arm"], "core:b");
}

TEST(Fold, AKilledWorkersStepThatWasRunAgainCountsOnce) {
  Json died = failed("worker: killed by signal 9");
  died["ended"] = "signal";
  const std::vector<Json> before{line(died, "pilot")};
  EXPECT_EQ(fold(header(Json::object()), before)["cells"][0]["status"], "failed");
  Json block = line(sample(1, 1));
  block["step"] = 1;
  const Json cell = fold(header(Json::object()), {before[0], line(sample(1, 1), "pilot"), block})["cells"][0];
  EXPECT_EQ(cell["status"], "ok");
  EXPECT_EQ(cell["paths"]["slot=hit"], 20);
}

TEST(Fold, ASampleThatIsNoneFailsItsCellOnly) {
  Json odd = sample(1, 1);
  odd["batch"] = 5;
  const Json result = fold(header(Json::object()), {line(odd), line(sample(1, 1), "block", "core:b")});
  EXPECT_EQ(result["cells"][0]["status"], "failed");
  EXPECT_EQ(result["cells"][0]["reason"].get<std::string>().find("worker: a sample is not as the protocol has it"), 0U);
  EXPECT_EQ(result["cells"][0]["reason"].get<std::string>().find("json.exception"), std::string::npos);
  EXPECT_EQ(result["cells"][1]["status"], "ok");
}

TEST(Fold, AModuleThatIsNotThereSkipsItsCells) {
  const Json result = fold(header({{"m", {{"status", "skipped"}, {"reason", "not fetched"}}}}), {});
  EXPECT_EQ(result["cells"][1]["reason"], "not fetched");
  EXPECT_EQ(result["run"]["complete"], true);
}

}  // namespace
}  // namespace instbench::bench
