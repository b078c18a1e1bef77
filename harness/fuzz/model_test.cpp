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

// `instbench fuzz` runs as many as one likes.
TEST_P(IsolationModel, EveryInstanceIsWhatItsTwinIs) {
  if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
  ModelOptions options;
  options.strategy = GetParam();
  options.operations = 40'000;
  options.seed = 11;
  options.fork = *os::build_info().sanitizers == '\0';
  try {
    const ModelReport report = run_model(options);
    EXPECT_EQ(report.difference, std::nullopt);
    EXPECT_EQ(report.operations, options.operations);
    EXPECT_EQ(report.forks > 0, options.fork);
    EXPECT_GT(report.instances, options.operations / 100);
    const bool retained = options.strategy.tables == TableInit::retained;  // the modules that link have no such table
    EXPECT_EQ(report.modules, retained ? 4u : 10u);
    EXPECT_EQ(report.links != 0, !retained);
    EXPECT_GT(report.traps, 0u);
    EXPECT_GT(report.budget_changes, 0u);
    EXPECT_GT(report.paged_out, 0u);
    EXPECT_GT(report.aged, 0u);
    EXPECT_GT(report.calls, report.instances);
  } catch (const Unsupported& error) {
    GTEST_SKIP() << error.what();
  } catch (const CodegenError& error) {
    GTEST_SKIP() << error.what();
  }
}

// Four threads, each with instances of its own, over slots that wander between them.
TEST_P(IsolationModel, SlotsThatWanderBetweenThreadsCarryNothing) {
  if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
  ModelOptions options;
  options.strategy = GetParam();
  options.operations = 40'000;
  options.threads = 4;
  options.seed = 12;
  options.fork = *os::build_info().sanitizers == '\0';
  try {
    const ModelReport report = run_model(options);
    EXPECT_EQ(report.difference, std::nullopt);
    EXPECT_EQ(report.operations, options.operations);
    EXPECT_EQ(report.forks > 0, options.fork);
    const bool affine = options.strategy.alloc == Alloc::pool && options.strategy.affinity == Switch::on;
    EXPECT_EQ(report.steals > 0, affine);
  } catch (const Unsupported& error) {
    GTEST_SKIP() << error.what();
  } catch (const CodegenError& error) {
    GTEST_SKIP() << error.what();
  }
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
