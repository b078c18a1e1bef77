#include "harness/report/exact_gate.hpp"

#include <gtest/gtest.h>

#include "harness/report/lock.hpp"

namespace instbench::bench {
namespace {

Json exact(int value) { return {{"exact", true}, {"value", value}}; }
Json range(double min, double max) { return {{"exact", false}, {"min", min}, {"max", max}}; }

Json cell_of(const std::string& case_id, const Json& cycle, const Json& trace) {
  return {{"case", case_id},
          {"arm", "core:pool"},
          {"status", "ok"},
          {"reason", nullptr},
          {"counters", {{"cycle", cycle}}},
          {"trace", {{"cycle", trace}}}};
}

Json result_of(const std::vector<Json>& cells) {
  return {{"machine",
           {{"kernel", "6.1.0-13-amd64"},
            {"page_bytes", 4096},
            {"thp", "never"},
            {"features", {{"memfd", nullptr}, {"ptrace", "no"}, {"pagemap_scan", "Linux 6.7"}}}}},
          {"tool", {{"sanitizers", ""}}},
          {"cells", cells}};
}

Json one(const Json& cycle) {
  Json trace = Json::object();
  for (const auto& [name, counter] : cycle.items()) {
    if (name.starts_with("syscalls.")) trace[name] = counter;
  }
  return result_of({cell_of("m none s1", cycle, trace)});
}

GateReport judged(const Json& before, const Json& after, Scope scope = Scope::whole_suite) {
  // Through the text, as a user's file would be.
  const Json lock = parse_lock(lock_text(with_section(empty_lock(), section_of(before, "embedded"))), "lock");
  const Json* section = find_section(lock, feature_key(after), "embedded");
  EXPECT_NE(section, nullptr);
  return section == nullptr ? GateReport{} : judge(*section, after, scope);
}

TEST(ExactGate, TheSameCountsPass) {
  const Json result = one({{"syscalls.madvise", exact(1)}, {"faults.minor", exact(16)}, {"bytes.copied", exact(0)}});
  const GateReport report = judged(result, result);
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_EQ(report.compared, 3U);
}

TEST(ExactGate, AChangeEitherWayIsNamed) {
  const Json less = one({{"syscalls.madvise", exact(1)}}), more = one({{"syscalls.madvise", exact(2)}});
  EXPECT_EQ(judged(less, more).exit_code(), 3);
  EXPECT_EQ(judged(less, more).changes,
            std::vector<std::string>{"m none s1  core:pool  cycle  syscalls.madvise: 1 -> 2"});
  EXPECT_EQ(judged(more, less).exit_code(), 3);
}

TEST(ExactGate, ACounterThatAppearsOrVanishesIsAChange) {
  const Json none = one(Json::object()), some = one({{"syscalls.mmap", exact(3)}});
  EXPECT_EQ(judged(none, some).exit_code(), 3);
  EXPECT_EQ(judged(some, none).exit_code(), 3);
}

TEST(ExactGate, LosingExactnessIsAChangeAndARangeNeverGates) {
  const Json counted = one({{"faults.minor", exact(16)}}), spread = one({{"faults.minor", range(15.9, 16.1)}});
  EXPECT_EQ(judged(counted, spread).exit_code(), 3);
  EXPECT_NE(judged(counted, spread).changes.at(0).find("16 -> 15.9..16.1 (not exact)"), std::string::npos);
  EXPECT_EQ(judged(spread, counted).exit_code(), 0);
  EXPECT_EQ(judged(spread, one({{"faults.minor", range(99, 120)}})).exit_code(), 0);
}

TEST(ExactGate, FaultsGateOnlyOnTheKernelTheyWereLockedOn) {
  const Json before = one({{"faults.minor", exact(16)}, {"syscalls.mmap", exact(1)}});
  Json after = one({{"faults.minor", exact(8)}, {"syscalls.mmap", exact(1)}});
  EXPECT_EQ(judged(before, after).exit_code(), 3);
  after["machine"]["kernel"] = "6.12.1";
  EXPECT_EQ(judged(before, after).exit_code(), 0);
  EXPECT_EQ(judged(before, after).notes.size(), 1U);
  after["cells"][0]["counters"]["cycle"]["syscalls.mmap"] = exact(2);
  after["cells"][0]["trace"]["cycle"]["syscalls.mmap"] = exact(2);
  EXPECT_EQ(judged(before, after).exit_code(), 3);
}

TEST(ExactGate, CoverageGoesBothWays) {
  const Json a = cell_of("a none s1", Json::object(), Json::object()),
             b = cell_of("b none s1", Json::object(), Json::object());
  const Json skipped = {{"case", "a none s1"}, {"arm", "core:pool"}, {"status", "skipped"}, {"reason", "no memfd"}};
  EXPECT_EQ(judged(result_of({a, b}), result_of({a})).exit_code(), 5);
  EXPECT_EQ(judged(result_of({a, b}), result_of({a}), Scope::selection).exit_code(), 0);
  EXPECT_EQ(judged(result_of({a}), result_of({a, b})).exit_code(), 5);
  EXPECT_EQ(judged(result_of({a}), result_of({skipped})).exit_code(), 5);
  EXPECT_NE(judged(result_of({a}), result_of({skipped})).coverage.at(0).find("no memfd"), std::string::npos);
  EXPECT_EQ(judged(result_of({skipped}), result_of({a})).exit_code(), 5);
  EXPECT_EQ(judged(result_of({skipped}), result_of({skipped})).exit_code(), 0);
}

TEST(ExactGate, ASecondCountThatDisagreesIsAFailure) {
  Json result = one({{"syscalls.madvise", exact(1)}});
  result["cells"][0]["trace"]["cycle"]["syscalls.madvise"] = exact(2);
  EXPECT_EQ(judged(result, result).exit_code(), 1);
  result["cells"][0]["trace"]["cycle"] = {{"syscalls.madvise", exact(1)}, {"syscalls.brk", exact(1)}};
  EXPECT_EQ(judged(result, result).exit_code(), 1);  // a call that the core does not know of
  result["cells"][0]["trace"] = {{"unsupported", "ptrace is not permitted"}};
  EXPECT_EQ(judged(result, result).exit_code(), 0);
  EXPECT_EQ(judged(result, result).notes.size(), 1U);
}

TEST(ExactGate, ANegativeCountIsAFailureOfTheWorker) {
  const Json cold = one({{"faults.minor", exact(-3)}}), colder = one({{"faults.minor", range(-2, -0.5)}});
  EXPECT_EQ(judged(cold, cold).exit_code(), 1);
  EXPECT_EQ(judged(colder, colder).exit_code(), 1);
  // A strategy that does something now and then.
  const Json sometimes = one({{"faults.minor", range(-0.5, 2)}});
  EXPECT_EQ(judged(sometimes, sometimes).exit_code(), 0);
}

TEST(ExactGate, AFailedCellComesBeforeAllElse) {
  const Json ok = one({{"syscalls.madvise", exact(1)}});
  const Json bad =
      result_of({Json{{"case", "m none s1"}, {"arm", "core:pool"}, {"status", "failed"}, {"reason", "leak"}}});
  EXPECT_EQ(judged(ok, bad).exit_code(), 1);
}

TEST(Lock, TheKeyHoldsWhatDecidesAndNothingElse) {
  const Json result = one(Json::object());
  EXPECT_EQ(feature_key(result)["features"], "memfd");  // not ptrace, nor what does not work
  Json other = result;
  other["machine"]["cpu"] = "another";
  other["machine"]["features"]["ptrace"] = nullptr;
  EXPECT_EQ(feature_key(result), feature_key(other));
  other["machine"]["thp"] = "always";
  EXPECT_NE(feature_key(result), feature_key(other));
  const Json lock = with_section(empty_lock(), section_of(result, "embedded"));
  EXPECT_EQ(find_section(lock, feature_key(other), "embedded"), nullptr);
  EXPECT_EQ(nearest_difference(lock, feature_key(other), "embedded"), "thp: \"never\" there, \"always\" here");
  EXPECT_EQ(nearest_difference(lock, feature_key(other), "real"), "");
  EXPECT_EQ(suites_of(lock), std::vector<std::string>{"embedded"});
  EXPECT_EQ(suites_of(empty_lock()), std::vector<std::string>{});
}

TEST(Lock, UpdatingOneSectionLeavesTheOthers) {
  const Json first = one({{"syscalls.mmap", exact(1)}});
  Json other = one({{"syscalls.mmap", exact(9)}});
  other["machine"]["thp"] = "always";
  Json lock = with_section(with_section(empty_lock(), section_of(first, "embedded")), section_of(other, "embedded"));
  EXPECT_EQ(lock["sections"].size(), 2U);
  const Json changed = one({{"syscalls.mmap", exact(2)}});
  lock = with_section(lock, section_of(changed, "embedded"));
  ASSERT_EQ(lock["sections"].size(), 2U);
  EXPECT_EQ(parse_lock(lock_text(lock), "lock"), lock);
  EXPECT_EQ(judge(*find_section(lock, feature_key(other), "embedded"), other, Scope::whole_suite).exit_code(), 0);
}

TEST(Lock, OneLinePerCaseArmAndPhase) {
  const std::string text = lock_text(
      with_section(empty_lock(), section_of(one({{"syscalls.mmap", exact(1)}, {"bytes.mapped", exact(0)}}), "s")));
  EXPECT_NE(text.find("\n          \"cycle\": {\"syscalls.mmap\":1}"), std::string::npos) << text;
}

TEST(Lock, WhatIsNoLockFailsClosed) {
  EXPECT_THROW(parse_lock("", "f"), LockError);
  EXPECT_THROW(parse_lock("[]", "f"), LockError);
  EXPECT_THROW(parse_lock("{\"schema\": \"instbench-counters-lock/2\", \"sections\": []}", "f"), LockError);
  EXPECT_THROW(parse_lock("{\"schema\": \"instbench-counters-lock/1\", \"sections\": [{}]}", "f"), LockError);
}

}  // namespace
}  // namespace instbench::bench
