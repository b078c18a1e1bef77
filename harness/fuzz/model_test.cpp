#include "harness/fuzz/model.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <optional>
#include <system_error>

#include "harness/fuzz/canary.hpp"
#include "runtime/codegen/code.hpp"
#include "runtime/os/build_info.hpp"
#include "runtime/os/compaction.hpp"
#include "runtime/os/features.hpp"
#include "runtime/os/guest.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench::bench {
namespace {

class IsolationModel : public testing::TestWithParam<Strategy> {};
constexpr auto by_number = [](const auto& one) { return "n" + std::to_string(one.index); };
INSTANTIATE_TEST_SUITE_P(All, IsolationModel, testing::ValuesIn(testing_modules::all_strategies()), by_number);
INSTANTIATE_TEST_SUITE_P(Retaining, IsolationModel, testing::ValuesIn(testing_modules::retaining_strategies()),
                         by_number);

// What a run counted, and that nothing differed; nothing where it cannot be had, and why.
std::optional<ModelReport> report_of(const Strategy& strategy, uint64_t seed, uint32_t threads, std::string& why_not) {
  ModelOptions options;
  options.strategy = strategy;
  options.operations = 40'000;
  options.threads = threads;
  options.seed = seed;
  options.fork = *os::build_info().sanitizers == '\0';
  try {
    if (!os::guest_code_supported().ok) throw Unsupported(os::guest_code_supported().why_not);
    const ModelReport report = run_model(options);
    EXPECT_EQ(report.difference, std::nullopt);
    EXPECT_EQ(report.operations, options.operations);
    EXPECT_EQ(report.forks > 0, options.fork);
    return report;
  } catch (const Unsupported& error) {
    why_not = error.what();
  } catch (const CodegenError& error) {
    why_not = error.what();
  }
  return std::nullopt;
}

// `instbench fuzz` runs as many as one likes.
TEST_P(IsolationModel, EveryInstanceIsWhatItsTwinIs) {
  std::string why_not;
  const auto report = report_of(GetParam(), 11, 1, why_not);
  if (!report) GTEST_SKIP() << why_not;
  EXPECT_GT(report->instances, report->operations / 100);
  const bool retained = GetParam().tables == TableInit::retained;  // the modules that link have no such table
  EXPECT_EQ(report->modules, retained ? 4u : 10u);
  EXPECT_EQ(report->links != 0, !retained);
  EXPECT_GT(report->traps, 0u);
  EXPECT_GT(report->budget_changes, 0u);
  EXPECT_GT(report->paged_out, 0u);
  EXPECT_GT(report->aged, 0u);
  EXPECT_GT(report->calls, report->instances);
}

// Four threads, each with instances of its own, over slots that wander between them.
TEST_P(IsolationModel, SlotsThatWanderBetweenThreadsCarryNothing) {
  std::string why_not;
  const auto report = report_of(GetParam(), 12, 4, why_not);
  if (!report) GTEST_SKIP() << why_not;
  const bool affine = GetParam().alloc == Alloc::pool && GetParam().affinity == Switch::on;
  EXPECT_EQ(report->steals > 0, affine);
}

class Canary : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, Canary,
                         testing::Values("pool-lazy", "pool-keep,resident=64MiB", "pool-scan,resident=64MiB",
                                         "pool-restore,resident=64MiB", "best,resident=64MiB"));

// With compaction where this may be asked for; `instbench fuzz --canary` runs as many as one likes.
TEST_P(Canary, FindsNoMarkOfAnother) {
  std::optional<os::Compaction> compaction;
  try {
    compaction.emplace();
  } catch (const std::system_error& error) {
    std::cout << "without compaction: " << error.what() << "\n";
  }
  try {
    const CanaryReport report = run_canary(parse_strategy(GetParam()), 12);
    EXPECT_EQ(report.leak, std::nullopt);
    EXPECT_EQ(report.pages_looked_at, 12 * 16384u);
  } catch (const Unsupported& error) {
    GTEST_SKIP() << error.what();
  }
}

}  // namespace
}  // namespace instbench::bench
