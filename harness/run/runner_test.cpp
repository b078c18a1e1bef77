#include "harness/run/runner.hpp"

#include <gtest/gtest.h>

#include "harness/run/sample.hpp"

namespace instbench::bench {
namespace {

constexpr std::chrono::milliseconds kTimeout{1000};

Experiment experiment_of(size_t cases, size_t arms, uint32_t blocks) {
  Experiment e;
  e.settings.blocks = blocks;
  for (size_t i = 0; i < cases; ++i) {
    Case c;
    c.module = std::string(1, static_cast<char>('a' + i));
    e.cases.push_back(c);
    e.modules[c.module] = {};
    e.modules[c.module].path = c.module + ".wasm";
  }
  for (size_t i = 0; i < arms; ++i) e.arms.push_back({"core", "s", "core:" + std::to_string(i)});
  e.plan = make_plan(cases, arms, 1, blocks, Pilots::one_per_cell);
  return e;
}

Json ok_sample(double real_ns) {
  return {{"protocol", 1}, {"status", "ok"}, {"batch", {{"real_ns", real_ns}, {"iterations", 1}}}};
}

struct Ran {
  std::vector<Json> lines;
  std::vector<Request> requests;
  End end = End::complete;
};

// A worker without a process: `answer` says what it answers.
Ran run(const Experiment& experiment, const AskWorker& answer, const std::vector<Json>& done = {}) {
  Ran ran;
  Progress progress(Visibility::hidden, experiment.plan.size());
  ran.end = execute(
      experiment, done,
      [&](const Request& request) {
        ran.requests.push_back(request);
        return answer(request);
      },
      [&](const Json& line) { ran.lines.push_back(line); }, progress);
  return ran;
}

TEST(Runner, BlocksTakeTheBatchLengthOfTheirPilot) {
  const Ran ran = run(experiment_of(1, 1, 2), [](const Request&) { return ok_sample(600); });
  ASSERT_EQ(ran.requests.size(), 3U);
  EXPECT_FALSE(ran.requests[0].iterations);
  EXPECT_EQ(ran.requests[1].iterations, 100000U);  // 60 ms of 600 ns
  EXPECT_EQ(ran.requests[2].iterations, 100000U);
  EXPECT_EQ(ran.requests[0].passes.front(), "verify");
  EXPECT_EQ(ran.requests[1].passes.front(), "first");
}

TEST(Runner, ACellThatFailsIsGivenUpAndTheOthersGoOn) {
  const Ran ran = run(experiment_of(1, 2, 3),
                      [](const Request& r) { return r.arm.id == "core:0" ? failed_sample("crash") : ok_sample(1); });
  EXPECT_EQ(ran.end, End::complete);
  EXPECT_EQ(ran.lines.size(), 1U + 4U);
}

TEST(Runner, AnInterruptionRecordsNothingAndResumeDoesTheRest) {
  const Experiment experiment = experiment_of(2, 2, 2);
  int left = 5;
  const Ran first = run(experiment, [&](const Request&) -> std::optional<Json> {
    if (left-- == 0) return std::nullopt;
    return ok_sample(600);
  });
  EXPECT_EQ(first.end, End::interrupted);
  EXPECT_EQ(first.lines.size(), 5U);
  const Ran second = run(
      experiment, [](const Request&) { return ok_sample(600); }, first.lines);
  EXPECT_EQ(second.end, End::complete);
  EXPECT_EQ(first.lines.size() + second.lines.size(), experiment.plan.size());
  EXPECT_EQ(second.lines.front()["step"], 5);
  EXPECT_EQ(second.requests.front().iterations, 100000U);  // remembered from the pilot before the stop
}

TEST(Runner, ResumeDoesNotRetryAGivenUpCell) {
  const Experiment experiment = experiment_of(1, 1, 2);
  const Ran first = run(experiment, [](const Request&) { return failed_sample("crash"); });
  EXPECT_EQ(run(
                experiment, [](const Request&) { return ok_sample(1); }, first.lines)
                .lines.size(),
            0U);
}

TEST(Runner, ResumeAsksAgainWhereAWorkerWasKilled) {
  const Experiment experiment = experiment_of(1, 2, 2);
  os::ChildResult child;
  child.timed_out = true;
  const Json hung = sample_from(child, kTimeout);
  const Ran first = run(experiment, [&](const Request& r) { return r.arm.id == "core:0" ? hung : ok_sample(600); });
  EXPECT_EQ(first.lines.size(), 1U + 3U);
  const Ran second = run(
      experiment, [](const Request&) { return ok_sample(600); }, first.lines);
  ASSERT_EQ(second.lines.size(), 3U);  // the pilot again, then the blocks that had been given up
  for (const Json& line : second.lines) EXPECT_EQ(line["arm"], "core:0");
  EXPECT_EQ(second.lines[0]["role"], "pilot");
  EXPECT_EQ(second.requests[1].iterations, 100000U);
}

TEST(Runner, AModuleThatIsNotReadyIsNotAsked) {
  Experiment experiment = experiment_of(2, 1, 1);
  experiment.modules["a"].state = PreparedModule::State::skipped;
  const Ran ran = run(experiment, [](const Request&) { return ok_sample(1); });
  for (const Request& request : ran.requests) EXPECT_EQ(request.cell.module, "b");
  EXPECT_EQ(ran.requests.size(), 2U);
}

TEST(BatchLength, StaysWithinItsBounds) {
  EXPECT_EQ(batch_length(ok_sample(1e12), 60), 1U);
  EXPECT_EQ(batch_length(ok_sample(1e-9), 60), 1000000000U);
  EXPECT_EQ(batch_length(ok_sample(0), 60), std::nullopt);
  Json disturbed = ok_sample(6000);
  disturbed["batch"]["cpu_ns"] = 600.0;
  EXPECT_EQ(batch_length(disturbed, 60), 100000U);
  EXPECT_EQ(batch_length({{"status", "ok"}, {"batch", nullptr}}, 60), std::nullopt);
}

os::ChildResult child_of(const std::string& out, const std::string& err, int code) {
  os::ChildResult child;
  child.out = out;
  child.err = err;
  child.exit_code = code;
  return child;
}

std::string reason_of(const os::ChildResult& child) {
  const Json sample = sample_from(child, kTimeout);
  return sample["status"] == "failed" ? sample["reason"].get<std::string>() : "not failed";
}

TEST(Sample, AGoodAnswerPassesUnchanged) {
  const Json good = {{"protocol", 1}, {"status", "skipped"}, {"reason", "no"}, {"extra", 1}};
  EXPECT_EQ(sample_from(child_of(good.dump() + "\n", "", 0), kTimeout), good);
}

TEST(Sample, EveryBadEndHasItsReason) {
  EXPECT_EQ(reason_of(child_of("{}", "first\nlast\n\n", 3)), "worker: exit code 3: last");
  EXPECT_EQ(reason_of(child_of("", "", 0)), "worker: its answer is not one JSON object");
  EXPECT_EQ(reason_of(child_of("{\"x\":" + std::string(100000, '[') + std::string(100000, ']') + "}", "", 0)),
            "worker: its answer is nested too deeply");
  EXPECT_EQ(reason_of(child_of("{\"protocol\":1,\"status\":\"ok\",\"x\":NaN}", "", 0)),
            "worker: its answer is not one JSON object");
  EXPECT_EQ(reason_of(child_of("{\"protocol\":2,\"status\":\"ok\"}", "", 0)),
            "worker: its answer is not of protocol 1");
  EXPECT_EQ(reason_of(child_of("{\"protocol\":1,\"status\":\"fine\"}", "", 0)),
            "worker: its answer has no valid status");
  EXPECT_EQ(reason_of(child_of("{\"protocol\":1,\"status\":\"refused\",\"reason\":\"no such mode\"}", "", 0)),
            "worker: it refuses the cell: no such mode (a strategy is refused when it is described; a cell is skipped)");
  for (const char* time : {"0", "-3.5", "1e+16"}) {
    EXPECT_EQ(reason_of(child_of(R"({"protocol":1,"status":"ok","batch":{"real_ns":)" + std::string(time) + "}}", "", 0)),
              "worker: its batch takes " + Json::parse(time).dump() + " ns a cycle, which nothing does");
  }
  EXPECT_EQ(reason_of(child_of("{\"protocol\":1,\"status\":\"ok\",\"counters\":{\"cycle\":{\"faults.minor\":\"many\"}}}", "", 0)),
            "worker: its counter faults.minor is not a number");
  os::ChildResult child = child_of("", "stack overflow", 0);
  child.signal = 11;
  EXPECT_TRUE(was_killed(sample_from(child, kTimeout)));
  EXPECT_FALSE(was_killed(sample_from(child_of("", "", 3), kTimeout)));
  EXPECT_EQ(reason_of(child), "worker: killed by signal 11 (Segmentation fault): stack overflow");
  child.timed_out = true;
  EXPECT_EQ(reason_of(child), "worker: no answer within 1 s (--timeout): stack overflow");
  EXPECT_EQ(sample_from(child, kTimeout, 3).at("reason"),
            "worker: no answer within 1 s (--timeout) for each of the 3 processes that take turns: stack overflow");
}

}  // namespace
}  // namespace instbench::bench
