#include "harness/report/policy.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

constexpr const char* kCase = "m none s1";

// A policy with one line of `expected`: what every line has, with these keys over it.
Json with_line(const Json& keys = Json::object()) {
  Json line = {{"case", kCase}, {"metric", "cycle"}, {"change", "slower"}, {"why", "safer"}};
  line.update(keys);
  return {{"policy", "instbench-policy/1"}, {"expected", Json::array({line})}};
}

Policy parsed(const Json& json) { return parse_policy(json, "policy.json"); }

std::string refusal(const Json& json) {
  try {
    parsed(json);
  } catch (const PolicyError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Policy, AnIntendedChangeIsOneOfItsCaseMetricAndDirection) {
  const Policy policy = parsed(with_line());
  EXPECT_EQ(policy.intent_of(kCase, "cycle", 9, "2026-11-26").why, "safer");
  EXPECT_EQ(policy.intent_of(kCase, "cycle", -0.1, "2026-11-26").why, "");
  EXPECT_EQ(policy.intent_of(kCase, "instantiate", 0.1, "2026-11-26").why, "");
  EXPECT_EQ(policy.intent_of("other none s1", "cycle", 0.1, "2026-11-26").why, "");
  EXPECT_EQ(policy.intent_of("other none s1", "cycle", 0.1, "2026-11-26").but, "");
}

TEST(Policy, AnIntendedChangeIsAsLargeAsItsLineSays) {
  const Policy policy = parsed(with_line({{"at_most", 0.2}}));
  EXPECT_EQ(policy.intent_of(kCase, "cycle", 0.19, "2026-11-26").why, "safer");
  const Policy::Intent beyond = policy.intent_of(kCase, "cycle", 0.21, "2026-11-26");
  EXPECT_EQ(beyond.why, "");
  EXPECT_EQ(beyond.but, "the policy expects 20 % at most (safer)");
  const Policy faster = parsed(with_line({{"change", "faster"}, {"at_most", 0.2}}));
  EXPECT_EQ(faster.intent_of(kCase, "cycle", -0.19, "2026-11-26").why, "safer");
  EXPECT_EQ(faster.intent_of(kCase, "cycle", -0.21, "2026-11-26").why, "");
}

TEST(Policy, AnIntendedChangeHoldsThroughItsLastDay) {
  const Policy policy = parsed(with_line({{"until", "2026-11-26"}}));
  for (const char* day : {"2025-12-31", "2026-11-26"})
    EXPECT_EQ(policy.intent_of(kCase, "cycle", 0.1, day).why, "safer");
  for (const char* day : {"2026-11-27", "2027-01-01"}) {
    const Policy::Intent stale = policy.intent_of(kCase, "cycle", 0.1, day);
    EXPECT_EQ(stale.why, "");
    EXPECT_EQ(stale.but, "the policy expected it until 2026-11-26 (safer)");
    EXPECT_TRUE(policy.expected[0].is_stale_on(day));
  }
}

TEST(Policy, ACountersValuesAreExactAndItsLineMayEndToo) {
  const Json line = {{"metric", "faults.minor"}, {"a", 16}, {"b", 17}, {"until", "2026-11-26"}};
  Json json = with_line(line);
  json["expected"][0].erase("change");
  const Policy policy = parsed(json);
  EXPECT_EQ(policy.intent_of(kCase, "faults.minor", 16, 17, "2026-11-26").why, "safer");
  EXPECT_EQ(policy.intent_of(kCase, "faults.minor", 16, 18, "2026-11-26").why, "");
  EXPECT_EQ(policy.intent_of(kCase, "faults.minor", 16, nullptr, "2026-11-26").why, "");
  EXPECT_EQ(policy.intent_of(kCase, "faults.minor", 16, 17, "2026-11-27").why, "");
}

TEST(Policy, OfSeveralLinesTheFirstThatCoversTheChangeIsItsReason) {
  Json json = with_line({{"until", "2026-11-26"}});
  json["expected"].push_back(with_line({{"why", "reviewed anew"}}).at("expected")[0]);
  EXPECT_EQ(parsed(json).intent_of(kCase, "cycle", 0.1, "2026-11-26").why, "safer");
  const Policy::Intent later = parsed(json).intent_of(kCase, "cycle", 0.1, "2026-11-27");
  EXPECT_EQ(later.why, "reviewed anew");
  EXPECT_EQ(later.but, "");
}

TEST(Policy, ALineThatCannotBeMeantIsRefusedWithItsPlace) {
  EXPECT_EQ(refusal(with_line({{"at_most", 0.2}, {"until", "2028-02-29"}})), "accepted");
  for (const char* no_day : {"2026-02-29", "2026-13-01", "2026-00-10", "2026-11-00", "2026-1-1", "26-11-26", "tomorrow",
                             "2026-11-26T00:00Z"})
    EXPECT_EQ(refusal(with_line({{"until", no_day}})),
              "policy.json: expected[0]: \"until\" takes a day, YYYY-MM-DD, not '" + std::string(no_day) + "'");
  EXPECT_EQ(refusal(with_line({{"until", 20261126}})), "policy.json: expected[0]: \"until\" is not a text");
  EXPECT_EQ(refusal(with_line({{"at_most", "20%"}})), "policy.json: expected[0]: \"at_most\" is not a number");
  for (const double share : {0.0, -0.2})
    EXPECT_EQ(refusal(with_line({{"at_most", share}})),
              "policy.json: expected[0]: \"at_most\" takes a share above 0, such as 0.2 for 20 %");
  Json counter = with_line({{"metric", "faults.minor"}, {"a", 1}, {"b", 2}, {"at_most", 0.2}});
  EXPECT_NE(refusal(counter).find("\"at_most\" is for cycle and instantiate"), std::string::npos) << refusal(counter);
}

}  // namespace
}  // namespace instbench::bench
