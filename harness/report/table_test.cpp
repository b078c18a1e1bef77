#include "harness/report/table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

Json ok_cell(const std::string& arm, double instantiate_ns, double cycle_ns) {
  return {{"case", "spidermonkey touch(w64) s64"},
          {"arm", arm},
          {"status", "ok"},
          {"reason", nullptr},
          {"verified", true},
          {"batch", {{"median_real_ns", cycle_ns}}},
          {"first", {{"cycle", 1.4e6}}},
          {"phases", {{"resolution_ns", 100.5}, {"instantiate", {{"p50", instantiate_ns}}}}},
          {"counters",
           {{"cycle",
             {{"faults.minor", {{"exact", true}, {"value", 64}}},
              {"syscalls.madvise", {{"exact", true}, {"value", 1}}},
              {"syscalls.mmap", {{"exact", false}, {"min", 0.5}, {"max", 1.0}}}}}}},
          {"paths",
           {{"slot=hit memory=kept tables=lazy reset=madvise", 60},
            {"slot=fresh memory=mapped tables=lazy reset=madvise", 40}}},
          {"floor", {{"madvise_clean_ns", 140.0}, {"range_bytes", 2555904}}}};
}

Json no_cell(const std::string& arm, const std::string& status, const std::string& reason) {
  return {{"case", "spidermonkey touch(w64) s64"}, {"arm", arm}, {"status", status}, {"reason", reason}};
}

Json result_of(const std::vector<Json>& cells) {
  Json arms = Json::array();
  for (const Json& cell : cells) arms.push_back({{"id", cell.at("arm")}});
  return {{"run", {{"blocks", 3}, {"complete", true}}},
          {"arms", arms},
          {"cases", std::vector<Json>{{{"id", "spidermonkey touch(w64) s64"}}}},
          {"cells", cells}};
}

std::string table(const Json& result) { return table_text(result, {"", "r.json", 41.2, Colour::off}); }

// The table with its wrapped lines joined.
std::string unwrapped_table(const Json& result) { return std::regex_replace(table(result), std::regex("\\n    "), " "); }

std::string line_with(const std::string& text, const std::string& word) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(word) != line.npos) return line;
  }
  return "";
}

TEST(Table, ARowHoldsFiguresRatiosCountsAndThePath) {
  const std::string text = table(result_of({ok_cell("core:eager", 1.2e6, 2e6), ok_cell("core:pool-lazy", 400, 1e5)}));
  const std::string row = line_with(text, "core:pool-lazy");
  for (const char* part :
       {"400 ns", "3000×", "100 µs", "20.0×", "64", "1.5–2", "1.40 ms", "60% hit kept lazy madvise"}) {
    EXPECT_NE(row.find(part), std::string::npos) << part << " in " << row;
  }
  EXPECT_NE(text.find("floor: one madvise over the same clean range (2.44 MiB) takes 140 ns"), std::string::npos);
}

TEST(Table, APhaseBelowTheResolutionIsNoFigure) {
  const std::string row =
      line_with(table(result_of({ok_cell("core:eager", 1e6, 2e6), ok_cell("core:pool", 50, 1e5)})), "core:pool");
  EXPECT_NE(row.find("< 100 ns"), std::string::npos) << row;
  EXPECT_EQ(row.find("50.0 ns"), std::string::npos) << row;
  EXPECT_NE(row.find("> 9950×"), std::string::npos) << row;  // a bound, not a ratio
}

TEST(Table, WhatIsNotKnownIsAQuestionMark) {
  Json cell = ok_cell("core:pool", 1, 1);
  cell["phases"] = nullptr;
  cell["counters"] = nullptr;
  cell["first"] = Json::object();
  cell["verified"] = nullptr;
  const std::string row = line_with(table(result_of({cell})), "core:pool ");
  EXPECT_EQ(std::count(row.begin(), row.end(), '?'), 4) << row;
  EXPECT_NE(row.find("NOT VERIFIED"), std::string::npos);
}

TEST(Table, AReferenceBelowTheResolutionIsAQuestionMarkWithItsNote) {
  const std::string note = "?: the reference is below the clock's resolution\n";
  const std::string text = table(result_of({ok_cell("core:eager", 50, 2e6), ok_cell("core:pool", 5000, 1e6)}));
  EXPECT_NE(line_with(text, "core:pool").find("5.00 µs       ?"), std::string::npos) << text;
  EXPECT_NE(text.find(note), std::string::npos) << text;
  EXPECT_EQ(table(result_of({ok_cell("core:eager", 5000, 2e6), ok_cell("core:pool", 50, 1e6)})).find(note),
            std::string::npos);
}

TEST(Table, TheReferenceIsEagerWhereverItStandsElseTheFirst) {
  const std::string text = table(result_of({ok_cell("core:pool", 400, 1e5), ok_cell("core:eager", 1.2e6, 2e6)}));
  EXPECT_NE(text.find("times faster (×) than core:eager;"), std::string::npos) << text;
  EXPECT_NE(line_with(text, "core:pool").find("3000×"), std::string::npos) << text;
  const std::string other = table(result_of({ok_cell("core:pool", 400, 1e5), ok_cell("core:cow", 1.2e6, 2e6)}));
  EXPECT_NE(other.find("times faster (×) than core:pool;"), std::string::npos) << other;
}

TEST(Table, ACellThatWaitedForACpuIsMarked) {
  std::vector<Json> cells;
  for (const double share : {0.001, 0.02, 0.04, 0.125}) {
    cells.push_back(ok_cell("core:a" + std::to_string(cells.size()), 1e6, 12700));
    cells.back()["noise"]["run_delay_share_max"] = share;
  }
  cells.push_back(ok_cell("core:unknown", 1e6, 12700));
  cells.back()["noise"]["run_delay_share_max"] = nullptr;
  const std::string text = table(result_of(cells));
  EXPECT_EQ(line_with(text, "core:a0").find('~'), std::string::npos) << text;
  EXPECT_EQ(line_with(text, "core:unknown").find('~'), std::string::npos) << text;
  EXPECT_NE(line_with(text, "core:a3").find("12.7 µs~"), std::string::npos) << text;
  EXPECT_NE(text.find("~: 3 of 5 cells waited for a CPU more than 1 % of the time (median 4 %, worst 13 %): cycle"),
            std::string::npos)
      << text;
}

TEST(Table, WithoutADisturbedCellNothingIsSaidAboutIt) {
  EXPECT_EQ(table(result_of({ok_cell("core:eager", 1e6, 1e6)})).find('~'), std::string::npos);
}

TEST(Table, TheSpreadIsHalfTheRangeOfTheBlocks) {
  const auto spread = [](const Json& times) {
    Json cell = ok_cell("core:eager", 1e6, 12700);
    cell["batch"]["real_ns"] = times;
    return line_with(table(result_of({cell})), "core:eager ");
  };
  EXPECT_NE(spread({8000, 10000, 16000}).find("12.7 µs   ±40 %"), std::string::npos);
  EXPECT_NE(spread({10000, 10200}).find("12.7 µs    ±1 %"), std::string::npos);
  EXPECT_NE(spread({1, 2, 1e6}).find("12.7 µs  >999 %"), std::string::npos);
  EXPECT_NE(spread({10000, nullptr}).find("12.7 µs       –"), std::string::npos);  // one process is no spread
}

TEST(Table, AStartFunctionThatIsNotRunIsSaidOncePerCase) {
  Json eager = ok_cell("core:eager", 1e6, 1e6), pool = ok_cell("core:pool", 1e6, 1e6);
  for (Json* cell : {&eager, &pool}) (*cell)["facts"]["start_function"] = "none";
  EXPECT_EQ(table(result_of({eager, pool})).find("start function"), std::string::npos);
  for (Json* cell : {&eager, &pool}) (*cell)["facts"]["start_function"] = "not run (codegen=none)";
  const std::string text = table(result_of({eager, pool})), line = "\n  start function not run (codegen=none)\n";
  ASSERT_NE(text.find(line), std::string::npos) << text;
  EXPECT_EQ(text.find(line, text.find(line) + 1), std::string::npos) << text;
}

TEST(Table, AStoppedRunSaysHowFarItCame) {
  Json done = ok_cell("core:a", 1e6, 1e6), begun = ok_cell("core:b", 1e6, 1e6);
  done["processes"] = 2;
  begun["processes"] = 1;
  const auto closing = [](const std::vector<Json>& cells) {
    Json result = result_of(cells);
    result["run"]["complete"] = false;
    return line_with(table(result), "measured ·");
  };
  const Json unreached = no_cell("core:c", "skipped", "not run: stopped before the first of 3 blocks");
  const Json refused = no_cell("core:d", "skipped", "no memfd here");
  EXPECT_NE(closing({done, begun, refused}).find("failed   1–2 of 3 blocks, 41 s, NOT COMPLETE"), std::string::npos);
  EXPECT_NE(closing({done, unreached}).find("failed   0–2 of 3 blocks"), std::string::npos);
  EXPECT_NE(closing({done, refused}).find("failed   2 of 3 blocks"), std::string::npos);
}

TEST(Table, WithoutAMeasuredCellThereIsNothingToPlot) {
  const std::string text = table(result_of({no_cell("core:a", "skipped", "not fetched")}));
  EXPECT_NE(text.find("r.json\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("next:"), std::string::npos) << text;
}

TEST(Table, OneBlockIsSingular) {
  Json result = result_of({ok_cell("core:eager", 1e6, 1e6)});
  result["run"]["blocks"] = 1;
  EXPECT_NE(table(result).find("failed   1 block, 41 s"), std::string::npos);
}

TEST(Table, WhatWasChosenAndWhyStandsUnderTheCase) {
  Json cell = ok_cell("core:best", 400, 1e5);
  cell["facts"] = {{"chosen", {{"reset", "madvise"}, {"tables", "retained"}, {"after_cycles", 264}, {"why", "ever new pages"}}}};
  EXPECT_NE(table(result_of({cell})).find("core:best: reset=madvise tables=retained after 264 cycles: ever new pages"), std::string::npos);
  cell["facts"]["chosen"] = nullptr;
  EXPECT_EQ(table(result_of({cell})).find("reset=madvise tables"), std::string::npos);
}

TEST(Table, ThreadsAreSummedUpAndMoreThanThereAreProcessorsAreLabelled) {
  const std::string one = "spidermonkey touch(w64) s64", four = one + " t4";
  Json alone = ok_cell("core:best", 400, 1000), cell = ok_cell("core:best", 400, 2500);
  cell["case"] = four;
  cell["phases"]["cycle"] = {{"p50", 2400.0}, {"p99", 9000.0}};
  cell["kernel_events"] = {{"cycles", 100}, {"lock_waits", 0.25}, {"tlb_shootdowns", 1.0}};
  Json result = result_of({alone});
  result["cells"].push_back(cell);
  result["cases"] = std::vector<Json>{{{"id", one}, {"threads", 1}}, {{"id", four}, {"threads", 4}}};
  result["machine"] = {{"cpus", 2}};
  const std::string text = unwrapped_table(result);
  for (const char* part : {"1.6 M cycles/s of 4 threads on 2 CPUs, 40 % of 4 times one thread's", "a cycle's median 2.40 µs, p99 9.00 µs",
                           "0.25 waits for kernel locks"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  result["cells"][1]["floor"] = {{"copy_alone_ns", 3000.0}, {"copy_beside_ns", 4000.0}};
  EXPECT_NE(unwrapped_table(result).find("times one thread's (of threads that only copy the pages 75 %);"), std::string::npos);
  result["cells"][1]["kernel_events"] = {{"unsupported", "perf_event_open: not allowed"}};
  EXPECT_NE(table(result).find("not allowed"), std::string::npos);
}

TEST(Table, OfSeveralModulesTheMeanInstantiationIsShown) {
  Json result = result_of({ok_cell("core:best", 400, 1e5)});
  result["cells"][0]["phases"]["instantiate"]["mean"] = 7000.0;
  EXPECT_NE(table(result).find(" 400 ns "), std::string::npos);
  result["cases"][0]["mix"] = {{"modules", {"a", "b"}}};
  EXPECT_NE(table(result).find(" 7.00 µs "), std::string::npos) << table(result);
  EXPECT_NE(table(result).find("instantiate: median (of several modules: mean)"), std::string::npos);
}

TEST(Table, SkippedAndFailedCellsAreRowsWithTheirReason) {
  const std::string text =
      table(result_of({ok_cell("core:eager", 1e6, 1e6), no_cell("core:a", "skipped", "no memfd here"),
                       no_cell("core:b", "failed", "leak of a mapping")}));
  EXPECT_NE(line_with(text, "core:a").find("skipped: no memfd here"), std::string::npos);
  EXPECT_NE(line_with(text, "core:b").find("failed: leak of a mapping"), std::string::npos);
  EXPECT_NE(text.find("1 measured · 1 skipped · 1 failed   3 blocks, 41 s   r.json"), std::string::npos);
  EXPECT_NE(text.find("next: instbench plot r.json"), std::string::npos);
}

TEST(Table, AReasonSharedByAllArmsIsSaidOnce) {
  const std::string text =
      table(result_of({no_cell("core:a", "skipped", "not fetched"), no_cell("core:b", "skipped", "not fetched")}));
  EXPECT_NE(text.find("  every arm skipped: not fetched\n"), std::string::npos) << text;
}

TEST(Table, NoLineIsWiderThanTheTerminal) {
  std::string reason;
  for (int i = 0; i < 60; ++i) reason += "because ";
  Json noisy = ok_cell("core:pool-kept", 987654321, 987654321.0);
  noisy["verified"] = nullptr;
  noisy["noise"]["run_delay_share_max"] = 0.4;
  noisy["batch"]["real_ns"] = {1, 2, 1e9};
  const std::string text =
      table(result_of({ok_cell("core:eager", 987654321, 987654321.0), ok_cell("core:pool", 50, 1), noisy,
                       no_cell("core:pool-lazy,reset=remap,table-reset=refill", "failed", reason)}));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns_of(line), 120U) << line;
}

TEST(Table, ColourOnlyWhenAsked) {
  const Json result = result_of({ok_cell("core:eager", 1e6, 2e6)});
  EXPECT_EQ(table(result).find('\x1b'), std::string::npos);
  EXPECT_NE(table_text(result, {"", "", 0, Colour::on}).find('\x1b'), std::string::npos);
}

TEST(Format, ThreeDigitsAndAUnit) {
  EXPECT_EQ(time_text(0.4), "0.40 ns");
  EXPECT_EQ(time_text(999.4), "999 ns");
  EXPECT_EQ(time_text(999.6), "1.00 µs");
  EXPECT_EQ(time_text(58200), "58.2 µs");
  EXPECT_EQ(time_text(2.5e9), "2.50 s");
  EXPECT_EQ(bytes_text(512), "512 B");
  EXPECT_EQ(bytes_text(2555904), "2.44 MiB");
  EXPECT_EQ(ratio_text(12.34), "12.3×");
  EXPECT_EQ(ratio_text(0.42), "0.42×");
  EXPECT_EQ(ratio_text(0.00157), "0.0016×");
  EXPECT_EQ(columns_of("µs×"), 3U);
}

}  // namespace
}  // namespace instbench::bench
