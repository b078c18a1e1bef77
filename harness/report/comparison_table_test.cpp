#include "harness/report/comparison_table.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "harness/report/comparison_fixture.hpp"
#include "harness/report/convert.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

std::string text_of(const Json& result, Colour colour = Colour::off) {
  return comparison_text(result, {"", "r.json", 41.2, colour});
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

std::string line_with(const std::string& text, const std::string& word) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (has(line, word)) return line;
  }
  return "";
}

// Sentences as they were before their lines were broken.
std::string unwrapped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const char blank_or = c == '\n' ? ' ' : c;
    if (blank_or != ' ' || !out.ends_with(' ')) out += blank_or;
  }
  return out;
}

TEST(ComparisonTable, ARowPerTestWithItsIntervalVerdictAndControl) {
  const std::string text = text_of(comparison_fixture());
  EXPECT_EQ(line_with(text, "spidermonkey touch(w64) s64 cycle"),
            "spidermonkey touch(w64) s64 cycle       58.2 µs 8.10 µs -86.1 %  [-86.5,-85.7] improved     +4.7 % +0.1 "
            "[-0.4,+0.6] ok");
  EXPECT_EQ(line_with(text, "instantiate 36.5 µs"),
            "                            instantiate 36.5 µs 37.6 µs +1.2 %   [-2.1,+4.6]   inconclusive ?      +2.2 "
            "[-0.9,+5.2] out");
  EXPECT_TRUE(has(text, "with its plain 95 % interval"));
}

TEST(ComparisonTable, ACaseIsNamedOnceAndALongNameHasItsOwnLine) {
  const std::string text = text_of(comparison_fixture());
  const std::string judged = text.substr(0, text.find("shown, never judged"));
  for (const char* name : {"spidermonkey touch(w64) s64", "one-segment touch(r4,w16) s64 v5%"}) {
    const size_t first = judged.find(name);
    ASSERT_NE(first, judged.npos) << name;
    EXPECT_EQ(judged.find(name, first + 1), judged.npos) << name;
  }
  EXPECT_TRUE(has(text, "\none-segment touch(r4,w16) s64 v5%\n"));
}

TEST(ComparisonTable, ChangedExactCountersAreRowsAndRangesAreNot) {
  const std::string text = text_of(comparison_fixture());
  EXPECT_EQ(line_with(text, "faults.minor"),
            "                            faults.minor 64     0       exact                  changed");
  EXPECT_TRUE(has(line_with(text, "release syscalls.process_madvise"), "? 1 exact"));
  EXPECT_TRUE(has(text, "expected: lazy tables touch no page"));
  EXPECT_TRUE(has(text, "not exact, so not compared: faults.major (1 case)"));
}

TEST(ComparisonTable, RangesThatLieApartAreNotCalledExact) {
  Json result = comparison_fixture();
  result["comparison"]["counters"][0]["a"] = {{"exact", false}, {"min", 0.5}, {"max", 0.5}};
  const std::string line = line_with(text_of(result), "faults.minor");
  EXPECT_TRUE(has(line, " 0.5 ") && has(line, "apart") && !has(line, "exact")) << line;
}

TEST(ComparisonTable, AnOpenTestSaysWhatWouldSettleIt) {
  Json result = comparison_fixture();
  Json& test = result["comparison"]["tests"][5];
  const auto note = [&] { return unwrapped(text_of(result)); };
  EXPECT_TRUE(has(note(),
                  "scatter of 9.4 % between blocks; about 120 blocks would settle it: --confirm-blocks 120; or "
                  "a tolerance of 7 % would pass it: --tolerance 7%"));
  test["needs_blocks"] = 121;  // blocks come in sixes
  EXPECT_TRUE(has(note(), "--confirm-blocks 126"));
  test["needs_blocks"] = nullptr;
  EXPECT_TRUE(has(note(), "how many blocks would settle it cannot be said; a tolerance of 7 %"));
  EXPECT_TRUE(has(note(),
                  "control outside the tolerance; how many blocks would settle it cannot be said; a tolerance "
                  "of 5.5 % would pass it"));  // the control's interval counts too
  test["interval"] = nullptr;
  EXPECT_TRUE(has(note(), "cannot be said"));
  test["stage"] = "screen";
  test["reason"] = "stopped before it was confirmed";
  EXPECT_TRUE(has(note(), "stopped before it was confirmed instantiate"));  // nothing to advise
}

TEST(ComparisonTable, AToleranceOfItsOwnIsSaid) {
  const std::string text = text_of(comparison_fixture());
  EXPECT_TRUE(has(unwrapped(text), "tolerance 3 %, at least 20 ns"));
  EXPECT_TRUE(has(text, "    tolerance 14 % (20 ns)\n"));
  Json result = comparison_fixture();
  result["comparison"]["tests"][3]["tolerance"] = 0.1;
  EXPECT_TRUE(has(text_of(result), "    tolerance 10 %\n"));
}

TEST(ComparisonTable, WhatWasInjectedIsSaidFirstAndLast) {
  Json result = comparison_fixture();
  EXPECT_FALSE(has(text_of(result), "INJECTED"));
  result["comparison"]["injected"] = "5%";
  const std::string text = text_of(result);
  EXPECT_TRUE(text.starts_with("INJECTED: every cycle of B was made to cost 5% of its time more (--inject 5%)"));
  EXPECT_TRUE(has(text.substr(text.find("2 improved")), "INJECTED 5%"));
  result["comparison"]["injected"] = "syscall";
  EXPECT_TRUE(has(text_of(result), "cost one syscall more"));
}

TEST(ComparisonTable, WhatIsLeftOutHasItsReason) {
  const std::string text = text_of(comparison_fixture());
  EXPECT_TRUE(has(text, "\nskipped: fastly none s1: not fetched; instbench fetch fastly gets it\n"));
  EXPECT_TRUE(has(text, "\ncoverage: uffd none s1: skipped in B only: no userfaultfd"));
  EXPECT_TRUE(has(text, "\nfailed: leaky none s1, A core:pool: leak: 1 mapping more"));
  EXPECT_TRUE(has(text, "\nwarning: both arms are this build"));
  EXPECT_TRUE(has(text, "\nunfit: transparent huge pages"));
}

TEST(ComparisonTable, OrderEffectAndRedoneBlocksAreSaid) {
  Json result = comparison_fixture();
  EXPECT_TRUE(has(text_of(result), "running second changes a process by +0.2 % [-0.1,+0.5], all cases together"));
  EXPECT_TRUE(
      has(text_of(result),
          "3 of 90 blocks measured again because a process waited for a CPU (A 2, B 1, A′ 0); 1 still disturbed"));
  result["comparison"]["redone"]["lean"] = "B";
  EXPECT_TRUE(has(unwrapped(text_of(result)), "they lean to B, more than chance"));
  result["comparison"]["redone"] = nullptr;
  result["comparison"]["order_effect"] = nullptr;
  EXPECT_FALSE(has(text_of(result), "measured again"));
  EXPECT_FALSE(has(text_of(result), "running second"));
}

TEST(ComparisonTable, TheClosingLineCountsAndSaysWhatToTypeNext) {
  const std::string text = text_of(comparison_fixture());
  EXPECT_TRUE(
      has(text,
          "2 improved · 2 same · 2 regressed · 2 inconclusive · 3 counters changed, 12 equal   18+24–60 blocks, 41 s"));
  EXPECT_TRUE(text.ends_with("gate: FAILED (exit 1)   r.json   next: instbench plot r.json\n")) << text;
  Json result = comparison_fixture();
  for (Json& test : result["comparison"]["tests"]) {
    test["stage"] = "screen";
    test["verdict"] = "same";
  }
  result["comparison"]["verdicts"] = {{"improved", 0}, {"same", 8}, {"regressed", 0}, {"inconclusive", 0}};
  result["comparison"]["counters"] = Json::array();
  result["comparison"]["counters_equal"] = 0;
  result["comparison"]["exit_code"] = 0;
  for (Json& test : result["comparison"]["tests"]) test["expected"] = nullptr;
  EXPECT_TRUE(has(unwrapped(text_of(result)), "0 inconclusive 18 blocks, 41 s gate: PASSED (exit 0) r.json"))
      << text_of(result);
  result["comparison"]["tests"][0]["expected"] = "safer";
  EXPECT_TRUE(has(unwrapped(text_of(result)), "gate: PASSED (exit 0), 1 change expected by the policy r.json"));
  result["comparison"]["paired"] = false;
  EXPECT_FALSE(has(text_of(result), "next: instbench plot"));
  result["run"]["complete"] = false;
  EXPECT_TRUE(has(unwrapped(text_of(result)), "gate: INTERRUPTED, nothing is judged: go on with --resume"));
}

TEST(ComparisonTable, UnpairedSaysSoAndHasNoControl) {
  Json result = comparison_fixture();
  Json& comparison = result["comparison"];
  comparison["paired"] = false;
  comparison["control"] = nullptr;
  for (Json& test : comparison["tests"]) {
    test["stage"] = "unpaired";
    test["blocks"] = 5;
    for (const char* key : {"control", "screen", "scatter", "detectable", "p_regressed", "p_improved"})
      test[key] = nullptr;
  }
  const std::string text = text_of(result);
  EXPECT_TRUE(has(text, "\nNOT PAIRED: "));
  EXPECT_FALSE(has(text, "--allow-unpaired"));
  EXPECT_TRUE(has(unwrapped(text), "measuring both arms in one run may settle it"));
  for (Json& test : comparison["tests"]) test["gates"] = false;
  EXPECT_TRUE(has(unwrapped(text_of(result)), "so these verdicts are shown and gate nothing (--allow-unpaired)"));
  EXPECT_FALSE(has(text_of(result, Colour::on), "\x1b[31mregressed"));
  EXPECT_FALSE(has(text, "control)"));
  EXPECT_TRUE(has(text, "5 processes of each arm"));
}

TEST(ComparisonTable, WhatIsOnlyShownIsALineForEachCase) {
  const std::string text = text_of(comparison_fixture());
  const std::string shown = text.substr(text.find("shown, never judged"));
  EXPECT_TRUE(has(shown, "*: its interval excludes 0"));
  EXPECT_TRUE(has(line_with(shown, "spidermonkey touch(w64) s64"), "-86.1 %*"));
  EXPECT_TRUE(has(line_with(shown, "spidermonkey touch(w64) s64"), "–"));  // its instantiate is judged
  Json result = comparison_fixture();
  result["comparison"]["shown"] = Json::array();
  EXPECT_FALSE(has(text_of(result), "never judged"));
}

TEST(ComparisonTable, NoLineIsWiderThanTheTerminal) {
  Json result = comparison_fixture();
  Json& comparison = result["comparison"];
  comparison["injected"] = "100%";
  comparison["a"]["label"] = "core@git+" + std::string(200, 'f') + ":pool";
  comparison["warnings"] = {std::string(500, 'x')};
  comparison["counters"][1]["counter"] = "syscalls." + std::string(200, 'y');
  for (Json& test : comparison["tests"]) {
    test["a_ns"] = 987654321.0;
    test["b_ns"] = 0.00123;
    test["change"] = 123456.0;
    test["interval"] = {-0.99999, 123456.0};
    test["detectable"] = 43.21;
    test["reason"] = std::string(300, 'z');
    test["control"] = {{"change", -0.4}, {"interval", {-0.45, 1.5}}, {"inside", false}, {"blocks", 24}};
  }
  for (Json& entry : comparison["shown"]) entry["change"] = -0.999999999;
  result["cases"][0]["id"] = comparison["tests"][0]["case"] = std::string(400, 'c');
  std::istringstream lines(text_of(result));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns_of(line), 120U) << line;
}

TEST(ComparisonTable, ColourOnlyWhenAskedAndOnlyOfTheVerdict) {
  Json result = comparison_fixture();
  EXPECT_FALSE(has(text_of(result), "\x1b"));
  const std::string text = text_of(result, Colour::on);
  EXPECT_TRUE(has(text, "\x1b[31mregressed\x1b[0m"));
  EXPECT_TRUE(has(text, "\x1b[33mregressed\x1b[0m"));  // the expected one
  EXPECT_TRUE(has(text, "\x1b[32mimproved\x1b[0m"));
  result["comparison"]["warnings"] = {"\x1b[31mforeign"};
  EXPECT_FALSE(has(text_of(result), "\x1b"));
}

TEST(ComparisonTable, AResultOfRunHasNone) {
  Json result = comparison_fixture();
  result.erase("comparison");
  EXPECT_THROW(text_of(result), ResultError);
}

TEST(Format, AChangeIsPercentOrARatio) {
  EXPECT_EQ(change_text(-0.861), "-86.1 %");
  EXPECT_EQ(change_text(0.001), "+0.1 %");
  EXPECT_EQ(change_text(-0.0001), "0.0 %");
  EXPECT_EQ(change_text(1.5), "+150 %");
  EXPECT_EQ(change_text(11.3), "12.3×");
  EXPECT_EQ(change_text(-0.9999), "0.0001×");
}

TEST(Terminal, AClippedTextKeepsWholeCharacters) {
  EXPECT_EQ(clipped("äöü", 3), "äöü");
  EXPECT_EQ(clipped("äöü", 2), "ä…");
  EXPECT_EQ(clipped("äöü", 0), "");
  EXPECT_EQ(wrapped("a: ", std::string(300, 'x')),
            "a: " + std::string(117, 'x') + "\n    " + std::string(116, 'x') + "\n    " + std::string(67, 'x') + "\n");
}

TEST(Terminal, ANumberStaysWithItsUnitAndALongPrefixIsWrappedToo) {
  const std::string filler(114, 'x');
  EXPECT_EQ(wrapped("", filler + " 75 %); then"), filler + "\n    75 %); then\n");
  EXPECT_EQ(wrapped("", filler + " 75 cells"), filler + " 75\n    cells\n");
  EXPECT_EQ(wrapped("a, b, " + filler + ": ", "text"), "a, b,\n    " + filler + ":\n    text\n");
}

}  // namespace
}  // namespace instbench::bench
