#include <map>
#include <set>

#include <unistd.h>

#include "harness/run/compare_fixture.hpp"
#include "runtime/os/turns.hpp"

namespace instbench::bench {
namespace {

bool is_b(const Request& request) { return request.arm.id.starts_with("B "); }

// B takes `ratio` times as long as A in every case.
Answer slower(double ratio) {
  return [ratio](const Request& r, size_t call) { return good_sample(1000 * (is_b(r) ? ratio : 1) * wobble(r, call)); };
}

TEST(ComparePlan, OfEveryTwoBlocksOneBeginsWithAAndOfSixEachHasAnotherOrder) {
  for (const uint64_t seed : {1, 2, 77}) {
    for (uint32_t block = 0; block < 18; block += 2) {
      const auto one = arm_order(seed, Role::screen, 3, block, BlockOf::pair);
      const auto two = arm_order(seed, Role::screen, 3, block + 1, BlockOf::pair);
      EXPECT_NE(one, two);
      EXPECT_EQ(one.size(), 2U);
    }
    for (uint32_t block = 0; block < 18; block += 6) {
      std::set<std::vector<uint32_t>> orders;
      for (uint32_t i = 0; i < 6; ++i) orders.insert(arm_order(seed, Role::confirm, 0, block + i, BlockOf::triple));
      EXPECT_EQ(orders.size(), 6U);
    }
  }
}

TEST(ComparePlan, RoundsHoldEveryCaseOnceAndTheSameSeedGivesTheSamePlan) {
  const std::vector<uint32_t> cases{0, 2, 5};
  const auto plan = screen_steps(cases, 2, 18, 7);
  EXPECT_EQ(plan, screen_steps(cases, 2, 18, 7));
  EXPECT_NE(plan, screen_steps(cases, 2, 18, 8));
  EXPECT_EQ(plan.size(), 18U * (2 + 3 + 2));
  std::map<uint32_t, std::map<uint32_t, int>> seen;
  for (const Step& s : plan) ++seen[s.block][s.case_index];
  for (const auto& [block, counts] : seen) EXPECT_EQ(counts, (std::map<uint32_t, int>{{0, 2}, {2, 3}, {5, 2}}));
  for (size_t i = 0; i < plan.size(); i += plan[i].of) {  // a block is never interleaved with another
    for (uint32_t k = 0; k < plan[i].of; ++k) {
      EXPECT_EQ(plan[i + k].case_index, plan[i].case_index);
      EXPECT_EQ(plan[i + k].position, k);
    }
  }
}

TEST(Compare, EqualArmsAreSameAfterTheScreenAlone) {
  const Compared c = drive(comparison_experiment(3), slower(1));
  ASSERT_EQ(c.comparison().at("tests").size(), 3U);
  for (const Json& test : c.comparison().at("tests")) {
    EXPECT_EQ(test.at("verdict"), "same");
    EXPECT_EQ(test.at("stage"), "screen");
    EXPECT_EQ(test.at("blocks"), 18);
    EXPECT_GT(test.at("detectable").get<double>(), 0.03);
  }
  EXPECT_TRUE(c.test(0).at("control").at("inside").get<bool>());
  EXPECT_TRUE(c.test(1).at("control").is_null()) << "one case of the screen has a control";
  EXPECT_EQ(c.comparison().at("exit_code"), 0);
  EXPECT_EQ(c.lines.size(), 3 * 2 + 18 * (2 + 2 + 3));
  EXPECT_TRUE(c.result.at("run").at("complete").get<bool>());
}

TEST(Compare, TheLowerQuartileOfTheParts) {
  const Compared c = drive(comparison_experiment(1), [](const Request&, size_t) { return good_sample(500); });
  EXPECT_EQ(c.test(0).at("a_ns"), 500.0);
  EXPECT_EQ(c.test(0).at("change"), 0.0);
}

TEST(Compare, AWorkerWithoutPartsIsComparedByMeansOnBothSides) {
  const Compared c = drive(comparison_experiment(1), [](const Request& r, size_t) {
    Json sample = good_sample(500);
    if (is_b(r)) sample["batch"].erase("parts_ns");
    return sample;
  });
  EXPECT_EQ(c.test(0).at("a_ns"), 1000.0);
  EXPECT_EQ(c.test(0).at("change"), 0.0);
}

TEST(Compare, ASlowdownIsConfirmedOnFreshBlocksWithAControl) {
  const Compared c = drive(comparison_experiment(2), slower(1.08));
  for (const Json& test : c.comparison().at("tests")) {
    EXPECT_EQ(test.at("verdict"), "regressed");
    EXPECT_EQ(test.at("stage"), "confirm");
    EXPECT_NEAR(test.at("change").get<double>(), 0.08, 0.01);
    EXPECT_TRUE(test.at("control").at("inside").get<bool>());
    EXPECT_EQ(test.at("screen").at("blocks"), 18);
    EXPECT_LE(test.at("p_regressed").get<double>(), 0.005);
  }
  EXPECT_EQ(c.comparison().at("exit_code"), 3);
  EXPECT_EQ(drive(comparison_experiment(2), slower(0.9)).comparison().at("verdicts").at("improved"), 2);
}

TEST(Compare, InstantiateIsJudgedFromAMicrosecondOn) {
  const auto with = [](double ns) {
    return drive(comparison_experiment(1), [ns](const Request& r, size_t call) {
             return good_sample(1e5 * wobble(r, call), ns * (is_b(r) ? 1.2 : 1) * wobble(r, call + 1));
           }).comparison();
  };
  EXPECT_EQ(with(700).at("tests").size(), 1U);
  const Json judged = with(2000);
  ASSERT_EQ(judged.at("tests").size(), 2U);
  EXPECT_EQ(judged.at("tests")[1].at("metric"), "instantiate");
  EXPECT_EQ(judged.at("tests")[1].at("verdict"), "regressed");
  EXPECT_EQ(judged.at("tests")[0].at("verdict"), "same") << "the other metric keeps the screen's verdict";
}

TEST(Compare, NoRedWhenTheControlIsOutside) {
  const Compared c = drive(comparison_experiment(1), [](const Request& r, size_t call) {
    const double ratio = is_b(r) ? 1.2 : r.arm.id.starts_with("A′") ? 1.1 : 1;
    return good_sample(1000 * ratio * wobble(r, call));
  });
  EXPECT_EQ(c.test(0).at("verdict"), "inconclusive");
  EXPECT_EQ(c.test(0).at("reason"), "control outside the tolerance");
  EXPECT_EQ(c.comparison().at("exit_code"), 4);
}

// Exactly at the tolerance is outside, for the screen as for the confirmation.
TEST(Compare, AControlAtTheToleranceIsNotInsideInEitherStage) {
  const Compared c = drive(comparison_experiment(1), [](const Request& r, size_t) {
    return good_sample(r.arm.id.starts_with("A′") ? 1030 : 1000);
  });
  EXPECT_EQ(c.test(0).at("stage"), "confirm");
  EXPECT_EQ(c.test(0).at("reason"), "control outside the tolerance");
}

// The rule for measuring again looks at waiting for a CPU only.
TEST(Compare, DisturbedBlocksAreMeasuredAgainUpToAQuarter) {
  const Compared c = drive(comparison_experiment(1), [](const Request& r, size_t call) {
    Json sample = good_sample(1000 * wobble(r, call));
    if (call >= 2 && call < 2 + 9) {  // the first three blocks
      sample = good_sample(9000);
      sample["noise"]["run_delay_ns"] = 2e4;
    }
    return sample;
  });
  const Json redone = c.comparison().at("redone");
  EXPECT_EQ(redone.at("blocks"), 3);
  EXPECT_EQ(redone.at("of"), 18);
  EXPECT_EQ(redone.at("still_disturbed"), 0);
  EXPECT_EQ(c.test(0).at("verdict"), "same");
  EXPECT_EQ(c.test(0).at("blocks"), 18);
  size_t superseded = 0;
  for (const Json& block : c.comparison().at("blocks")) superseded += block.at("counts").get<bool>() ? 0 : 1;
  EXPECT_EQ(superseded, 3U);
  EXPECT_EQ(c.result.at("cells")[0].at("processes"), 18) << "cells hold what counts";

  const Compared always = drive(comparison_experiment(1), [](const Request& r, size_t call) {
    Json sample = good_sample(1000 * wobble(r, call));
    sample["noise"]["run_delay_ns"] = 2e4;
    return sample;
  });
  EXPECT_EQ(always.comparison().at("redone").at("blocks"), 4);
  EXPECT_EQ(always.comparison().at("redone").at("still_disturbed"), 18);
}

TEST(Compare, RedoneBlocksThatLeanToOneArmAreReported) {
  const Compared c = drive(comparison_experiment(4), [](const Request& r, size_t call) {
    Json sample = good_sample(1000 * wobble(r, call));
    if (is_b(r)) sample["noise"]["run_delay_ns"] = 2e4;
    return sample;
  });
  EXPECT_EQ(c.comparison().at("redone").at("lean"), "B");
}

// All but when things happened.
Json timeless(Json result) {
  result["run"].erase("ended");
  for (Json& block : result["comparison"]["blocks"]) {
    block.erase("at");
    block.erase("at_s");
  }
  return result;
}

TEST(Compare, ARunStoppedAnywhereGoesOnWhereItWas) {
  const Answer answer = [](const Request& r, size_t call) {
    Json sample = good_sample(1000 * (is_b(r) && r.cell.module == "b" ? 1.08 : 1) * wobble(r, call));
    if (call % 41 == 7) sample["noise"]["run_delay_ns"] = 2e4;
    return sample;
  };
  const Experiment e = comparison_experiment(2);
  const Compared whole = drive(e, answer);
  for (size_t stop = 0; stop < whole.lines.size(); stop += 13) {
    const Compared part = drive(
        e, [&](const Request& r, size_t call) { return call < stop ? answer(r, call) : std::nullopt; }, {}, "1");
    ASSERT_EQ(part.lines.size(), stop);
    EXPECT_FALSE(part.result.at("run").at("complete").get<bool>());
    EXPECT_EQ(part.comparison().at("exit_code") == 0, false) << "an incomplete run is never green";
    const Compared rest = drive(e, answer, part.lines, "1");
    EXPECT_TRUE(timeless(rest.result) == timeless(whole.result)) << "stopped after " << stop;
  }
}

TEST(Compare, ProcessesOfABlockTakeTurnsWhereBothArmsCan) {
  const Experiment e = comparison_experiment(1);
  std::atomic<size_t> asked = 0;
  const auto measured = [&](bool b_can) {
    return drive(e, [&asked, b_can](const Request& r, size_t) {
      ++asked;
      Json sample = good_sample(is_b(r) ? 1080 : 1000);
      sample["takes_turns"] = b_can || !is_b(r);
      if (!r.turns) return sample;
      // Its own ends, which the one who made the ring keeps open as well.
      os::Turns turns({os::Fd(::dup(r.turns->take)), os::Fd(::dup(r.turns->give))}, std::chrono::seconds(60),
                      os::Share::nothing);
      const os::InTurns in_turns(turns);
      turns.next();
      EXPECT_TRUE(r.turns->share_cpu);
      return sample;
    });
  };
  const Compared in_turns = measured(true), not_in_turns = measured(false);
  for (const Compared* c : {&in_turns, &not_in_turns}) {
    const bool can = c == &in_turns;
    for (const Json& line : c->lines) EXPECT_EQ(line.at("in_turns"), can && line.at("role") != "pilot");
    for (const Json& block : c->comparison().at("blocks")) EXPECT_EQ(block.at("in_turns"), can);
    EXPECT_EQ(c->test(0).at("verdict"), "regressed");
  }
  EXPECT_EQ(asked, in_turns.lines.size() + not_in_turns.lines.size());
}

TEST(Compare, ATimeThatIsMissingIsAFailureAndNotABlockLess) {
  const auto measured = [](const Answer& change) {
    return drive(comparison_experiment(2), change).comparison();
  };
  const Json some = measured([](const Request& r, size_t call) {
    Json sample = good_sample(1000 * wobble(r, call));
    if (is_b(r) && r.cell.module == "b" && call > 20) sample["batch"] = nullptr;
    return sample;
  });
  EXPECT_EQ(some.at("exit_code"), 1);
  EXPECT_NE(some.at("failures")[0].get<std::string>().find("a process that was ok has no time per cycle"), std::string::npos);
  const Json half = measured([](const Request& r, size_t call) {
    Json sample = good_sample(1e6 * wobble(r, call), 5e5);
    if (is_b(r)) sample["phases"] = nullptr;
    return sample;
  });
  EXPECT_EQ(half.at("exit_code"), 1);
  EXPECT_NE(half.at("failures")[0].get<std::string>().find("instantiate was timed in A only"), std::string::npos);
  const Json odd = measured([](const Request& r, size_t call) {
    Json sample = good_sample(1000 * wobble(r, call));
    sample["memory"] = call % 2 == 0 ? Json::array({1}) : Json{{"a", {{"b", 1}}}};
    return sample;
  });
  EXPECT_EQ(odd.at("exit_code"), 0);
}

TEST(Compare, InTurnsNeighboursAreCompared) {
  const std::vector<std::string> cases{"c"}, arms{"A", "B"};
  const auto line = [&](const char* arm, uint32_t position, Json parts, bool in_turns) {
    Json sample = good_sample(1);
    sample["batch"]["parts_ns"] = std::move(parts);
    return Json{{"step", position}, {"case", "c"}, {"arm", arm}, {"role", "screen"}, {"block", 0}, {"attempt", 0},
                {"position", position}, {"of", 2}, {"at", ""}, {"in_turns", in_turns}, {"sample", sample}};
  };
  const Json a = {10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0};
  const Json b = {11.0, 22.0, 33.0, 44.0, 55.0, 66.0, 77.0, 800.0};  // the last one met with a burst
  for (const bool in_turns : {true, false}) {
    const std::vector<Json> lines{line("A", 0, a, in_turns), line("B", 1, b, in_turns)};
    const std::vector<Block> blocks = blocks_of(cases, arms, lines);
    ASSERT_EQ(blocks.size(), 1U);
    EXPECT_NEAR(*log_ratio(blocks[0], Metric::cycle, 1), std::log(1.1), 1e-9);
  }
  // Parts of other lengths are no neighbours: then as without turns.
  const std::vector<Json> uneven{line("A", 0, a, true), line("B", 1, {22.0, 22.0}, true)};
  EXPECT_NEAR(*log_ratio(blocks_of(cases, arms, uneven)[0], Metric::cycle, 1), std::log(22.0 / 20), 1e-9);
}

// Processes before and after a stop were not back to back.
TEST(Compare, ABlockThatAStopSplitIsMeasuredAgain) {
  const Experiment e = comparison_experiment(1);
  const Compared part =
      drive(e, [](const Request& r, size_t call) { return call < 3 ? slower(1)(r, call) : std::nullopt; }, {}, "1");
  const Compared rest = drive(e, slower(1), part.lines, "2");
  EXPECT_EQ(rest.comparison().at("redone").at("blocks"), 1);
  EXPECT_EQ(rest.comparison().at("redone").at("still_disturbed"), 0);
}

TEST(Compare, ACaseThatFailsInOneArmIsGivenUpAndTheOthersGoOn) {
  for (const size_t when : {size_t{3}, size_t{20}, size_t{80}}) {
    const Compared c = drive(comparison_experiment(2), [when](const Request& r, size_t call) {
      if (call >= when && r.cell.module == "b" && is_b(r))
        return Json{{"protocol", 1}, {"status", "failed"}, {"reason", "it broke"}};
      return good_sample(1000 * (is_b(r) ? 1.08 : 1) * wobble(r, call));
    });
    EXPECT_EQ(c.comparison().at("exit_code"), 1);
    EXPECT_EQ(c.comparison().at("failures").size(), 1U);
    ASSERT_GE(c.comparison().at("tests").size(), 1U);
    EXPECT_EQ(c.test(0).at("verdict"), "regressed") << when;
  }
}

TEST(Compare, SkippedInOneArmOnlyIsACoverageMismatch) {
  const auto skipping = [](const std::string& arms) {
    return drive(comparison_experiment(2), [arms](const Request& r, size_t call) {
             if (r.cell.module == "b" && arms.find(r.arm.id[0]) != arms.npos)
               return Json{{"protocol", 1}, {"status", "skipped"}, {"reason", "no such feature"}};
             return good_sample(1000 * wobble(r, call));
           }).comparison();
  };
  for (const char* one : {"A", "B"}) {
    EXPECT_EQ(skipping(one).at("exit_code"), 5);
    EXPECT_EQ(skipping(one).at("coverage"), Json{std::string("b none s1: skipped in ") + one + " only: no such feature"});
  }
  EXPECT_EQ(skipping("AB").at("exit_code"), 0);
  EXPECT_EQ(skipping("AB").at("skipped").size(), 1U);
}

TEST(Compare, WhatCannotBeTrustedIsNeverGreen) {
  const auto with = [](const std::function<void(Json&, const Request&)>& spoil) {
    return drive(comparison_experiment(1), [&](const Request& r, size_t call) {
             Json sample = good_sample(1000 * wobble(r, call));
             spoil(sample, r);
             return sample;
           }).comparison().at("exit_code");
  };
  EXPECT_EQ(with([](Json&, const Request&) {}), 0);
  EXPECT_EQ(with([](Json& s, const Request&) { s["tool"]["build_type"] = "Debug"; }), 4);
  EXPECT_EQ(with([](Json& s, const Request& r) { s["tool"]["assertions"] = is_b(r); }), 4);
  EXPECT_EQ(with([](Json& s, const Request& r) { if (is_b(r)) s.erase("verified"); }), 4);
  EXPECT_EQ(with([](Json& s, const Request& r) { if (is_b(r)) s["verified"] = false; }), 1);
  EXPECT_EQ(with([](Json& s, const Request&) { s = Json{{"protocol", 1}, {"status", "skipped"}, {"reason", "x"}}; }), 1)
      << "nothing was judged";
}

TEST(Compare, ExactCountersGateBothWaysUnlessExpected) {
  const auto with = [](double in_b, CompareSettings settings) {
    return drive(comparison_experiment(1, settings), [in_b](const Request& r, size_t call) {
             Json sample = good_sample(1000 * wobble(r, call));
             if (is_b(r)) sample["counters"]["cycle"]["syscalls.madvise"] = in_b;
             return sample;
           }).comparison();
  };
  EXPECT_EQ(with(1, {}).at("exit_code"), 0);
  EXPECT_EQ(with(1, {}).at("counters_equal"), 2);
  for (const double changed : {0.0, 2.0}) {
    const Json comparison = with(changed, {});
    EXPECT_EQ(comparison.at("exit_code"), 3);
    ASSERT_EQ(comparison.at("counters").size(), 1U);
    EXPECT_EQ(comparison.at("counters")[0].at("verdict"), "changed");
  }
  CompareSettings settings;
  settings.policy = {{"policy", "instbench-policy/1"},
                     {"expected", {{{"case", "a none s1"}, {"metric", "syscalls.madvise"}, {"a", 1}, {"b", 2}, {"why", "meant"}}}}};
  EXPECT_EQ(with(2, settings).at("exit_code"), 0);
  EXPECT_EQ(with(2, settings).at("counters")[0].at("expected"), "meant");
  EXPECT_EQ(with(3, settings).at("exit_code"), 3) << "another change than the one that was reviewed";
}

// The runs of these tests began on 2026-01-01.
TEST(Compare, AnIntendedChangeStaysGreenUntilItIsTooLargeOrItsDayIsOver) {
  const auto with = [](const Json& keys) {
    Json line = {{"case", "a none s1"}, {"metric", "cycle"}, {"change", "slower"}, {"why", "safer"}};
    line.update(keys);
    CompareSettings settings;
    settings.policy = {{"policy", "instbench-policy/1"}, {"expected", Json::array({line})}};
    return drive(comparison_experiment(1, settings), slower(1.1)).comparison();
  };
  const auto stale_in = [](const Json& comparison) {
    Json stale = Json::array();
    for (const Json& warning : comparison.at("warnings")) {
      if (warning.get<std::string>().find("stale") != std::string::npos) stale.push_back(warning);
    }
    return stale;
  };
  const Json covered = with({{"at_most", 0.15}, {"until", "2026-01-01"}});
  EXPECT_EQ(covered.at("exit_code"), 0);
  EXPECT_EQ(covered.at("tests")[0].at("expected"), "safer");
  EXPECT_EQ(stale_in(covered), Json::array());

  const Json beyond = with({{"at_most", 0.05}});
  EXPECT_EQ(beyond.at("exit_code"), 3);
  EXPECT_TRUE(beyond.at("tests")[0].at("expected").is_null());
  EXPECT_EQ(beyond.at("tests")[0].at("reason"), "the policy expects 5 % at most (safer)");

  const Json stale = with({{"until", "2025-12-31"}});
  EXPECT_EQ(stale.at("exit_code"), 3);
  EXPECT_EQ(stale.at("tests")[0].at("reason"), "the policy expected it until 2025-12-31 (safer)");
  EXPECT_EQ(stale_in(stale),
            Json{"a none s1, cycle: stale in the policy, which expected a change until 2025-12-31 (safer): take the "
                 "line out, or review it anew"});
}

TEST(Compare, AnInjectionThatAnOldWorkerIgnoresIsAFailure) {
  Experiment e = comparison_experiment(1);
  e.settings.inject = parse_injection("5%");
  std::set<std::string> asked;
  const Compared c = drive(e, [&](const Request& r, size_t call) {
    if (r.inject) asked.insert(r.arm.id);
    return good_sample(1000 * wobble(r, call));
  });
  EXPECT_EQ(asked, std::set<std::string>{"B core:y"});
  EXPECT_EQ(c.comparison().at("exit_code"), 1);
}

TEST(Compare, APolicysCasesAreTheCoverage) {
  const auto with = [](const Json& cases) {
    CompareSettings settings;
    settings.policy = {{"policy", "instbench-policy/1"}, {"cases", cases}};
    return drive(comparison_experiment(2, settings), slower(1)).comparison().at("exit_code");
  };
  EXPECT_EQ(with({"a none s1", "b none s1"}), 0);
  EXPECT_EQ(with({"a none s1", "renamed none s1"}), 5);
  EXPECT_EQ(with({"a none s1"}), 5);
}

TEST(Unpaired, ASavedResultIsShownAndDoesNotGateByTheClock) {
  const Json a = drive(comparison_experiment(2), slower(1)).result;
  const Json b = drive(comparison_experiment(2), slower(1.2)).result;
  const auto judged = [](const Json& old_side, const Json& new_side, UnpairedClock clock) {
    return unpaired_comparison(old_side, "A core:x", new_side, "B core:y", to_json(CompareSettings()), clock);
  };
  const Json shown = judged(a, b, UnpairedClock::shown);
  EXPECT_FALSE(shown.at("paired").get<bool>());
  EXPECT_EQ(shown.at("verdicts").at("regressed"), 2);
  EXPECT_EQ(shown.at("exit_code").get<int>() == 3, false);
  Json built_for_release = b, old_release = a;
  for (Json* result : {&built_for_release, &old_release}) {
    (*result)["tool"]["build_type"] = "Release";
    (*result)["tool"]["assertions"] = false;
    (*result)["tool"]["sanitizers"] = "";
  }
  EXPECT_EQ(judged(old_release, built_for_release, UnpairedClock::shown).at("exit_code"), 0);
  EXPECT_EQ(judged(old_release, built_for_release, UnpairedClock::gates).at("exit_code"), 3);
  CompareSettings settings;
  settings.policy = {{"policy", "instbench-policy/1"}, {"expected", Json::array()}};
  for (const char* id : {"a none s1", "b none s1"})
    settings.policy["expected"].push_back(
        {{"case", id}, {"metric", "cycle"}, {"change", "slower"}, {"until", "2026-01-01"}, {"why", "meant"}});
  const auto with_policy = [&](const std::string& started) {
    built_for_release["run"]["started"] = started;
    return unpaired_comparison(old_release, "A core:x", built_for_release, "B core:y", to_json(settings),
                               UnpairedClock::gates)
        .at("exit_code");
  };
  EXPECT_EQ(with_policy("2026-01-01T23:59:59Z"), 0);
  EXPECT_EQ(with_policy("2026-01-02T00:00:00Z"), 3) << "the later day of the two";
  Json fewer = built_for_release;
  fewer["cells"].erase(1);  // B's of the first case
  EXPECT_EQ(judged(old_release, fewer, UnpairedClock::shown).at("exit_code"), 5);
}

}  // namespace
}  // namespace instbench::bench
