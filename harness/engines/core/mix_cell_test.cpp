#include "harness/engines/core/mix_cell.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <thread>

#include "runtime/pool/test_modules.hpp"

namespace instbench::bench {
namespace {

using namespace testing_modules;

constexpr const char* kHit = "slot=hit memory=kept tables=lazy reset=madvise";
constexpr const char* kEvicted = "slot=evicted memory=mapped tables=lazy reset=madvise";

class MixOf : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Modules "m0", "m1", …
  Request request(const std::vector<const char*>& wats, uint64_t slots, uint64_t pool, uint64_t threads = 1) {
    Request request;
    for (size_t i = 0; i < wats.size(); ++i) {
      const std::string name = "m" + std::to_string(i);
      std::ofstream(folder_ / (name + ".wat")) << wats[i];
      request.mixed.push_back({name, folder_ / (name + ".wat"), ""});
      request.cell.mix.modules.push_back(name);
    }
    request.cell.module = "mix";
    request.cell.slots = slots;
    request.cell.threads = threads;
    request.cell.mix.pool = pool;
    return request;
  }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      ("instbench-mix-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

Strategy strategy_of(const char* text) {
  Strategy strategy = parse_strategy(text);
  strategy.reserve_bytes = uint64_t{16} << 20;
  strategy.guard_bytes = 65536;
  return strategy;
}

uint64_t sum_of(const Json& paths) {
  uint64_t sum = 0;
  for (const auto& [path, count] : paths.items()) sum += count.get<uint64_t>();
  return sum;
}

TEST(Draws, EachModuleComesEquallyOftenAndTheSeedAloneDecides) {
  const auto round_of = [](Mix::Order order, uint64_t seed) {
    Draws draws(3, order, 50, seed);
    std::vector<uint32_t> round;
    for (uint64_t i = 0; i < draws.round(); ++i) round.push_back(draws.next());
    return round;
  };
  const std::vector<uint32_t> drawn = round_of(Mix::Order::uniform, 1);
  EXPECT_GE(drawn.size(), 200U);  // four times the instances
  for (uint32_t module = 0; module < 3; ++module)
    EXPECT_EQ(std::count(drawn.begin(), drawn.end(), module), static_cast<std::ptrdiff_t>(drawn.size() / 3));
  EXPECT_EQ(drawn, round_of(Mix::Order::uniform, 1));
  EXPECT_NE(drawn, round_of(Mix::Order::uniform, 2));
  const std::vector<uint32_t> in_turn = round_of(Mix::Order::rotate, 1);
  for (size_t i = 0; i < in_turn.size(); ++i) EXPECT_EQ(in_turn[i], i % 3);
}

TEST_F(MixOf, WithSlotsForAllInstancesOfEachModuleEverySlotIsAHit) {
  MixCell cell(request({kRich, kOther, kWide}, 2, 6), strategy_of("pool-lazy"));
  cell.warm_up();
  cell.run(1000);
  EXPECT_EQ(cell.paths(), (Json{{kHit, 1000}}));
}

TEST_F(MixOf, TwoModulesInTurnInOneSlotEvictEachOtherEveryTime) {
  Request asked = request({kRich, kOther}, 1, 1);
  asked.cell.mix.order = Mix::Order::rotate;
  MixCell cell(asked, strategy_of("pool-lazy"));
  cell.warm_up();
  cell.run(100);
  EXPECT_EQ(cell.paths(), (Json{{kEvicted, 100}}));
  // The wipe of each, and one image mapped: exactly, however long the run.
  CounterSlopes slopes = cell.count();
  EXPECT_EQ(slopes.phases["release"]["syscalls.madvise"], 1);
  EXPECT_GE(slopes.phases["instantiate"]["syscalls.mmap"], 2);
  EXPECT_EQ(sum_of(cell.paths()), 100 + 1 + slopes.short_cycles + slopes.long_cycles);
  EXPECT_EQ(cell.paths().size(), 1U);
}

TEST_F(MixOf, ADrawnModuleIsAHitExactlyWhereTheRoundRepeatsIt) {
  MixCell cell(request({kRich, kOther}, 1, 1), strategy_of("pool-lazy"));
  cell.warm_up();
  const uint64_t round = cell.facts()["cycles_a_round"];
  std::vector<uint32_t> made;
  for (uint64_t i = 0; i < 2 * round; ++i) {
    cell.run(1);
    made.push_back(cell.last_path() / Path::kIndexEnd);
    if (i == 0) continue;
    const SlotPath expected = made[i] == made[i - 1] ? SlotPath::hit : SlotPath::evicted;
    EXPECT_EQ(Path::from_index(cell.last_path() % Path::kIndexEnd).slot, expected) << i;
    EXPECT_EQ(made[i], made[i < round ? i : i - round]);
  }
  EXPECT_EQ(std::accumulate(made.begin(), made.end(), uint64_t{0}), round);  // half of two rounds are of module 1
}

TEST_F(MixOf, EveryStrategyMeetsTheSameModulesFromTheWarmUpOn) {
  std::map<std::string, std::vector<uint32_t>> made;
  for (const char* text : {"eager", "pool-lazy", "best"}) {
    MixCell cell(request({kRich, kOther, kWide}, 3, 4), strategy_of(text));
    cell.warm_up();
    for (int i = 0; i < 200; ++i) {
      cell.run(1);
      made[text].push_back(cell.last_path() / Path::kIndexEnd);
    }
  }
  EXPECT_EQ(made["eager"], made["pool-lazy"]);
  EXPECT_EQ(made["best"], made["pool-lazy"]);
}

TEST_F(MixOf, EveryStrategyIsIsolated) {
  for (const Strategy& strategy : all_strategies()) {
    Request asked = request({kRich, kRichTwin, kOther, kWide, kRichLarger, kBare}, 2, 4);
    asked.cell.workload.kind = Workload::Kind::touch;
    MixCell cell(asked, strategy);
    EXPECT_EQ(cell.verify(3), std::nullopt) << canonical(strategy);
    cell.warm_up();
    cell.run(300);
    uint64_t compared = 0;
    EXPECT_EQ(cell.verify_timed(compared), std::nullopt) << canonical(strategy);
    EXPECT_EQ(compared, 4U) << canonical(strategy);
  }
}

TEST_F(MixOf, AResetThatFailsIsNoSuccess) {
  MixCell cell(request({kRich, kOther}, 1, 1), strategy_of("pool-lazy"));
  cell.warm_up();
  os::inject_fault(os::Call::madvise, 1, EINVAL);
  cell.run(1);
  uint64_t compared = 0;
  EXPECT_NE(cell.verify_timed(compared).value_or("nothing").find("a reset failed: madvise"), std::string::npos);
}

TEST_F(MixOf, ThreadsShareTheSlots) {
  constexpr uint64_t kCycles = 2000;
  for (const char* text : {"pool-lazy", "best", "overlay"}) {
    MixCell cell(request({kRich, kOther, kWide}, 1, 2, 2), strategy_of(text));
    cell.warm_up();
    {
      std::jthread beside([&] {
        for (uint64_t i = 0; i < kCycles; ++i) cell.cycle_beside(1);
      });
      cell.run(kCycles);
    }
    EXPECT_EQ(sum_of(cell.paths()), 2 * kCycles) << text;
    const Json together = cell.paths();
    cell.count();  // of one thread alone
    EXPECT_EQ(cell.paths(), together) << text;
    uint64_t compared = 0;
    EXPECT_EQ(cell.verify_timed(compared), std::nullopt) << text;
    EXPECT_EQ(compared, 2U) << text;
  }
}

TEST_F(MixOf, WhatCannotBeSaysWhichModule) {
  const auto reason_of = [](const Request& asked, const Strategy& strategy) -> std::string {
    try {
      MixCell cell(asked, strategy);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "accepted";
  };
  Request touching = request({kWide, kOther}, 1, 1);
  touching.cell.workload.kind = Workload::Kind::touch;
  touching.cell.workload.write = 17;
  EXPECT_EQ(reason_of(touching, strategy_of("pool-lazy")),
            "m1: touch: 17 written and 0 read pages of 4 KiB do not fit a memory that starts with 16 pages");
  const Request large = request({kOther, "(module (memory 300))"}, 1, 1);
  EXPECT_NE(reason_of(large, strategy_of("pool-lazy")).find("m1: memory 0 starts with"), std::string::npos);
  EXPECT_NE(reason_of(request({kRich, kOther}, 1, 2, 2), strategy_of("pool-lazy,reset=batch")).find("it needs pool="),
            std::string::npos);
  MixCell failing(request({kOther, kOutOfBounds}, 1, 1), strategy_of("pool-lazy"));
  EXPECT_THROW(
      {
        try {
          failing.verify(1);
        } catch (const std::runtime_error& error) {
          EXPECT_TRUE(std::string(error.what()).starts_with("m1: instantiation failed:")) << error.what();
          throw;
        }
      },
      std::runtime_error);
}

}  // namespace
}  // namespace instbench::bench
