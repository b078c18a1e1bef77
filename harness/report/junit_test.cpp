#include "harness/report/junit.hpp"

#include <gtest/gtest.h>

#include "harness/report/comparison_fixture.hpp"
#include "harness/report/verdicts.hpp"

namespace instbench::bench {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

// The testcase of this name in the group, with all that it holds.
std::string testcase(const std::string& xml, const std::string& group, const std::string& name) {
  const size_t at = xml.find("<testcase classname=\"" + group + "\" name=\"" + name);
  return at == xml.npos ? "" : xml.substr(at, xml.find("</testcase>", at) - at);
}

TEST(Junit, EachTestAndChangedCounterIsATestcase) {
  const std::string xml = comparison_junit(comparison_fixture());
  EXPECT_TRUE(has(xml, "<testsuites tests=\"15\" failures=\"5\" errors=\"3\" skipped=\"1\">"));
  EXPECT_TRUE(has(testcase(xml, "spidermonkey touch(w64) s64", "cycle"), "<system-out>improved: A 58.2 µs"));
  EXPECT_TRUE(has(testcase(xml, "indirect-calls call(each) s8", "cycle"),
                  "<failure type=\"regressed\" message=\"regressed: A"));
  EXPECT_TRUE(has(testcase(xml, "one-segment touch(r4,w16) s64 v5%", "syscalls.madvise"), "<failure type=\"changed\""));
  EXPECT_FALSE(has(testcase(xml, "one-segment touch(r4,w16) s64 v5%", "cycle"), "<failure"));  // expected
  EXPECT_FALSE(has(testcase(xml, "spidermonkey touch(w64) s64", "faults.minor"), "<failure"));
  EXPECT_FALSE(has(xml, "faults.major"));
}

TEST(Junit, WhatCouldNotBeMeasuredIsAnError) {
  const std::string xml = comparison_junit(comparison_fixture());
  EXPECT_TRUE(has(testcase(xml, "failed", "leaky none s1"), "<error type=\"failed\""));
  EXPECT_TRUE(has(testcase(xml, "coverage", "uffd none s1"), "<error type=\"coverage\""));
  EXPECT_TRUE(has(testcase(xml, "skipped", "fastly none s1"), "<skipped"));
  Json result = comparison_fixture();
  result["run"]["complete"] = false;
  EXPECT_TRUE(has(testcase(comparison_junit(result), "run", "complete"), "<error type=\"incomplete\""));
}

TEST(Junit, InconclusiveIsNeverAPass) {
  Json result = comparison_fixture();
  const auto open = [&] {
    return testcase(comparison_junit(result), "grow-then-touch-the-new-pages touch(w32,g4) s512 b1", "cycle");
  };
  EXPECT_TRUE(has(open(), "<failure type=\"inconclusive\""));
  result["comparison"]["inconclusive_passes"] = true;
  EXPECT_TRUE(has(open(), "<skipped message=\"inconclusive: "));
}

TEST(Junit, AVerdictThatIsOnlyShownFailsNothing) {
  Json result = comparison_fixture();
  for (Json& test : result["comparison"]["tests"]) test["gates"] = false;
  const std::string xml = comparison_junit(result);
  EXPECT_FALSE(has(xml, "type=\"regressed\""));
  EXPECT_FALSE(has(xml, "type=\"inconclusive\""));
  EXPECT_TRUE(has(testcase(xml, "indirect-calls call(each) s8", "cycle"), "<skipped message=\"regressed: "));
}

TEST(Junit, BytesThatAreNoTextAreReplaced) {
  Json result = comparison_fixture();
  result["comparison"]["tests"][3]["case"] = std::string("a\x01\xff\xc3<b>\0c", 9);
  const std::string xml = comparison_junit(result);
  EXPECT_TRUE(has(xml, "classname=\"a\uFFFD\uFFFD\uFFFD&#60;b&#62;\uFFFDc\"")) << xml;
}

TEST(Verdicts, AreTheComparisonWithoutItsBlocks) {
  const Json result = comparison_fixture(), verdicts = verdicts_json(result);
  EXPECT_EQ(verdicts.at("schema"), "instbench-verdicts/1");
  EXPECT_EQ(verdicts.at("exit_code"), 1);
  EXPECT_EQ(verdicts.at("tests"), result.at("comparison").at("tests"));
  EXPECT_EQ(verdicts.at("counter_verdicts"), Json({{"changed", 3}, {"not exact", 1}, {"equal", 12}}));
  EXPECT_EQ(verdicts.at("provenance").at("run").at("seed"), 1);
  EXPECT_EQ(verdicts.at("provenance").at("tool").at("git"), "3e3e3aed91e2");
  EXPECT_FALSE(verdicts.contains("blocks"));
  EXPECT_FALSE(verdicts.contains("cells"));
}

}  // namespace
}  // namespace instbench::bench
