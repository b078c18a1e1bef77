#include "harness/report/convert.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/report/comparison_fixture.hpp"
#include "harness/report/convert_cells.hpp"

namespace instbench::bench {
namespace {

Json result() {
  const Json workload = {{"kind", "touch"}, {"read", 0},       {"write", 64},    {"calls", 0},
                         {"grow", 0},       {"runs", nullptr}, {"reread", false}};
  return {{"schema", "instbench-result/1"},
          {"tool", {{"build_type", "Release"}, {"git", "abc"}}},
          {"run", {{"id", "r"}, {"started", "2026-01-01T00:00:00Z"}}},
          {"machine", {{"cpus", 2}, {"cpu", "x"}, {"kernel", "6.1"}}},
          {"arms", std::vector<Json>{{{"id", "core:pool"}, {"strategy", "alloc=pool,memory=overlay"}}}},
          {"cases", std::vector<Json>{{{"id", "m touch(w64) s1 v5%"},
                                       {"module", "m"},
                                       {"workload", workload},
                                       {"slots", 1},
                                       {"vary", 0.05},
                                       {"bystanders", 0},
                                       {"threads", 1}}}},
          {"cells", std::vector<Json>{{{"case", "m touch(w64) s1 v5%"},
                                       {"arm", "core:pool"},
                                       {"status", "ok"},
                                       {"reason", nullptr},
                                       {"verified", true},
                                       {"processes", 3},
                                       {"batch",
                                        {{"real_ns", {30.0, 10.0, 20.0}},
                                         {"cpu_ns", {3.0, 1.0, 2.0}},
                                         {"iterations", {100, 100, 100}},
                                         {"median_real_ns", 20.0}}},
                                       {"phases", {{"instantiate", {{"p50", 5.0}}}}},
                                       {"counters",
                                        {{"cycle",
                                          {{"syscalls.madvise", {{"exact", true}, {"value", 1}}},
                                           {"faults.minor", {{"exact", false}, {"min", 1.0}, {"max", 2.0}}}}}}}}}}};
}

TEST(Gbench, OneEntryForEachProcessThenAggregates) {
  const Json entries = gbench_json(result())["benchmarks"];
  ASSERT_EQ(entries.size(), 3U + 4U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(entries[i]["run_type"], "iteration");
    EXPECT_EQ(entries[i]["repetition_index"], i);
    EXPECT_EQ(entries[i]["name"], "m/touch_w64/s1/v5_/core:pool");
    EXPECT_EQ(entries[i]["iterations"], 100);
  }
  EXPECT_EQ(entries[1]["real_time"], 10.0);
  EXPECT_EQ(entries[4]["aggregate_name"], "median");
  EXPECT_EQ(entries[4]["real_time"], 20.0);
  EXPECT_EQ(entries[5]["real_time"], 10.0);  // sample standard deviation of 10, 20, 30
  EXPECT_EQ(entries[6]["aggregate_unit"], "percentage");
}

TEST(Gbench, EveryKeyThatCompareReadsIsThere) {
  const Json converted = gbench_json(result());  // a range-for over a temporary's element would outlive it
  for (const Json& entry : converted["benchmarks"]) {
    for (const char* key : {"name", "run_name", "run_type", "iterations", "real_time", "cpu_time", "time_unit",
                            "repetitions", "threads", "family_index", "per_family_instance_index"}) {
      EXPECT_TRUE(entry.contains(key)) << key;
    }
  }
  EXPECT_FALSE(gbench_json(result())["context"].contains("json_schema_version"));
  EXPECT_FALSE(gbench_json(result())["context"].contains("host_name"));
}

TEST(Gbench, OnlyExactCountersBecomeUserCounters) {
  const Json entry = gbench_json(result())["benchmarks"][0];
  EXPECT_EQ(entry["syscalls.madvise"], 1.0);
  EXPECT_FALSE(entry.contains("faults.minor"));
}

TEST(Gbench, AProcessWithoutAClockIsLeftOutNotZero) {
  Json r = result();
  r["cells"][0]["batch"]["cpu_ns"] = {nullptr, 1.0, nullptr};
  EXPECT_EQ(gbench_json(r)["benchmarks"].size(), 1U);
  r["cells"][0]["status"] = "failed";
  EXPECT_EQ(gbench_json(r)["benchmarks"].size(), 0U);
}

TEST(Csv, OneRowPerCellWithTheHeadersColumns) {
  Json r = result();
  r["cells"].push_back(
      {{"case", "m touch(w64) s1 v5%"}, {"arm", "core:pool"}, {"status", "failed"}, {"reason", "a \"bad\", day"}});
  const std::string text = csv_text(r);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_NE(text.find("\"alloc=pool,memory=overlay\",ok,,true,m,0,64,"), std::string::npos) << text;
  EXPECT_NE(text.find("failed,\"a \"\"bad\"\", day\",,m,"), std::string::npos) << text;
  const std::string header = text.substr(0, text.find('\n')), last = text.substr(text.rfind('\n', text.size() - 2));
  EXPECT_EQ(std::count(header.begin(), header.end(), ','),
            std::count(last.begin(), last.end(), ',') - 2);  // two quoted commas
}

size_t lines_with(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Gobench, OneLineForEachProcessWithExactUnits) {
  const std::string text = gobench_text(result());
  EXPECT_EQ(lines_with(text, "\nBenchmarkCycle/m/touch_w64/s1/v5_/arm=core:pool-1 100 "), 3U) << text;
  EXPECT_EQ(lines_with(text, " 30.0 ns/op 3.0 cpu-ns/op 1 syscalls.madvise/op\n"), 1U) << text;
  EXPECT_EQ(lines_with(text, "\nUnit syscalls.madvise/op assume=exact better=lower\n"), 1U) << text;
  EXPECT_EQ(lines_with(text, "faults.minor"), 0U) << text;  // a range
  EXPECT_EQ(lines_with(text, "\ngoos: linux\n"), 1U);
}

TEST(Gobench, AProcessWithoutCpuTimeStillHasItsTime) {
  Json r = result();
  r["cells"][0]["batch"]["cpu_ns"] = {nullptr, 1.0, nullptr};
  EXPECT_EQ(lines_with(gobench_text(r), "ns/op"), 1U + 3U + 1U);  // the unit's line, three times, one CPU time
}

TEST(Gobench, AnArmIsOneValue) {
  Json r = result();
  r["cells"][0]["arm"] = "core@../old build:pool";
  EXPECT_EQ(lines_with(gobench_text(r), "/arm=core_.._old_build:pool-1 "), 3U) << gobench_text(r);
}

TEST(Gobench, ComparedArmsHaveTheNamesThatAComparisonGivesThem) {
  const std::string text = gobench_text(comparison_fixture());
  EXPECT_EQ(lines_with(text, "BenchmarkCycle/spidermonkey/touch_w64/s64/arm=A-1 "), 6U);
  EXPECT_EQ(lines_with(text, "BenchmarkCycle/spidermonkey/touch_w64/s64/arm=B-1 "), 6U);
  EXPECT_EQ(lines_with(text, "BenchmarkCycle/spidermonkey/touch_w64/s64/arm=control-1 "), 6U);
}

TEST(Names, TwoCellsNeverShareOne) {
  UniqueNames names;
  EXPECT_EQ(names.of("a(b", plain_name("a(b")), "a_b");
  EXPECT_EQ(names.of("a_b", plain_name("a_b")), "a_b_2");
  EXPECT_EQ(names.of("a(b", plain_name("a(b")), "a_b");
}

TEST(Bmf, MeasuresInNanosecondsWithTheRangeOfTheProcesses) {
  const Json bmf = bmf_json(result());
  const Json expected = {{"latency", {{"value", 20.0}, {"lower_value", 10.0}, {"upper_value", 30.0}}},
                         {"instantiate", {{"value", 5.0}}},
                         {"syscalls.madvise", {{"value", 1}}}};
  EXPECT_EQ(bmf, Json({{"m touch(w64) s1 v5% / core:pool", expected}}));
}

TEST(Bmf, WhatIsUnknownIsLeftOut) {
  Json r = result();
  r["cells"][0]["batch"] = r["cells"][0]["counters"] = r["cells"][0]["phases"] = nullptr;
  EXPECT_EQ(bmf_json(r), Json::object());
  EXPECT_FALSE(bmf_json(comparison_fixture()).contains("spidermonkey touch(w64) s64 / A′ core:pool"));
}

TEST(ParseResult, WhatIsNoResultIsRefused) {
  EXPECT_THROW(parse_result("", "f"), ResultError);
  EXPECT_THROW(parse_result("[]", "f"), ResultError);
  EXPECT_THROW(parse_result("{\"schema\": \"instbench-result/2\"}", "f"), ResultError);
  EXPECT_THROW(parse_result("{\"schema\": \"instbench-result/1\"}", "f"), ResultError);
  EXPECT_EQ(parse_result(result().dump(), "f"), result());
}

}  // namespace
}  // namespace instbench::bench
