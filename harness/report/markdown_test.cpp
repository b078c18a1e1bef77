#include "harness/report/markdown.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/report/comparison_fixture.hpp"
#include "harness/report/escape.hpp"

namespace instbench::bench {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Markdown, TheMarkerThenTheVerdictThenWhatChanged) {
  const std::string text = comparison_markdown(comparison_fixture());
  EXPECT_TRUE(text.starts_with("<!-- instbench:gate -->\n### instbench gate: FAILED (exit 1)\n"));
  const std::string changed = text.substr(0, text.find("<details>"));
  EXPECT_EQ(count(changed, "**regressed**"), 1U);
  EXPECT_EQ(count(changed, "regressed (expected)"), 1U);
  EXPECT_EQ(count(changed, "**inconclusive**"), 2U);
  EXPECT_EQ(count(changed, "| same |"), 0U);
  EXPECT_EQ(count(text, "| same |"), 2U);
  EXPECT_EQ(count(changed, "**changed**"), 2U);
  EXPECT_EQ(count(changed, "changed (expected)"), 1U);
}

TEST(Markdown, WhereItComesFromIsSaid) {
  const std::string text = comparison_markdown(comparison_fixture());
  for (const char* part :
       {"machine: AMD EPYC, 2 CPUs, 23.5 GiB, kernel 6.18", "commit 3e3e3aed91e2", "seed 1", "18+24–60 blocks",
        "tolerance: 3 %, at least 20 ns", "command: instbench compare embedded --a=core&#58;pool"}) {
    EXPECT_TRUE(has(text, part)) << part;
  }
  Json result = comparison_fixture();
  result["arms"][1]["build"] = "git+abc1234";
  EXPECT_TRUE(has(comparison_markdown(result), "B: core&#58;pool-lazy, build git+abc1234"));
  result["comparison"]["injected"] = "page";
  EXPECT_TRUE(has(comparison_markdown(result), "> **INJECTED"));
}

// Escaped, each of these characters takes twelve bytes.
TEST(Markdown, ItIsNeverLongerThanAllowed) {
  const std::string bad(5000, '@');
  Json result = comparison_fixture();
  Json& comparison = result["comparison"];
  for (Json* text :
       {&comparison["a"]["label"], &comparison["b"]["label"], &comparison["injected"], &result["machine"]["cpu"],
        &result["run"]["id"], &result["run"]["argv"][1], &result["tool"]["git"]}) {
    *text = bad;
  }
  for (const char* key : {"coverage", "skipped", "failures", "unfit", "warnings"})
    comparison[key] = Json::array_t(50, bad);
  Json test = comparison["tests"][3], counter = comparison["counters"][1];
  test["case"] = test["reason"] = test["expected"] = counter["case"] = counter["counter"] = bad;
  comparison["tests"] = Json::array_t(300, test);
  comparison["counters"] = Json::array_t(300, counter);
  for (const size_t most : {50000U, 65000U, 1048576U}) {
    const std::string text = comparison_markdown(result, most);
    EXPECT_LT(text.size(), most);
    EXPECT_TRUE(has(text, "more rows left out"));
    EXPECT_EQ(count(text, "<details>"), count(text, "</details>"));
    EXPECT_EQ(text.back(), '\n');
  }
}

TEST(Markdown, RowsAreLeftOutWholeAndCounted) {
  Json result = comparison_fixture();
  Json& tests = result["comparison"]["tests"];
  const Json regressed = tests[3];
  tests = Json::array();
  for (int i = 0; i < 1000; ++i) {
    tests.push_back(regressed);
    tests.back()["case"] = "case " + std::to_string(i);
  }
  const std::string text = comparison_markdown(result);
  const size_t rows = count(text, "<code>case ");
  EXPECT_LT(rows, 1000U);
  EXPECT_GT(rows, 100U);
  EXPECT_TRUE(has(text, "\n" + std::to_string(1000 - rows) + " more rows left out: "));
  EXPECT_TRUE(has(text, "\n1000 more rows left out: "));  // of all tests, which come after what changed
  EXPECT_TRUE(has(text, "command: instbench compare"));
  EXPECT_EQ(count(comparison_markdown(result, 1048576), "<code>case "), 2000U);  // as a step summary
}

TEST(Markdown, LongNamesKeepTheirEnd) {
  EXPECT_EQ(shortened("abcdefghij", 10), "abcdefghij");
  EXPECT_EQ(shortened("abcdefghij", 6), "ab…hij");
  EXPECT_EQ(shortened("äöüäöü", 4), "ä…öü");
  Json result = comparison_fixture();
  result["comparison"]["tests"][3]["case"] = std::string(70000, 'm') + " none s64";
  EXPECT_TRUE(has(comparison_markdown(result), "m none s64</code>"));
}

TEST(Escape, MarkUpIsText) {
  EXPECT_EQ(markdown_name("a|b\n<x> `y`"), "<code>a&#124;b &#60;x&#62; &#96;y&#96;</code>");
  EXPECT_EQ(markdown_escaped("@me #1 *a*"), "&#64;&#8203;me &#35;&#8203;1 &#42;a&#42;");
  EXPECT_EQ(xml_escaped("<a b=\"c\" d='e'>&"), "&#60;a b=&#34;c&#34; d=&#39;e&#39;&#62;&#38;");
}

TEST(Escape, WhatIsNoTextIsReplaced) {
  EXPECT_EQ(clean_text("a\tb\nc\r"), "a b c ");
  EXPECT_EQ(clean_text(std::string("\0\x1b\x7f", 3)), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(clean_text("\xc2\x80"), "\uFFFD");                        // a control character of two bytes
  EXPECT_EQ(clean_text("\xef\xbf\xbe\xef\xbf\xbf"), "\uFFFD\uFFFD");  // U+FFFE and U+FFFF, which XML refuses
  EXPECT_EQ(clean_text("ä€𝄞"), "ä€𝄞");
  for (const char* bad : {"\x80", "\xff", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xe2\x82", "\xf5\x80\x80\x80"}) {
    std::string expected;
    for (size_t i = 0; i < std::string(bad).size(); ++i) expected += "\uFFFD";
    EXPECT_EQ(clean_text(bad), expected);
  }
}

}  // namespace
}  // namespace instbench::bench
