#include "harness/worker/batch.hpp"

#include <benchmark/benchmark.h>
#include <gtest/gtest.h>

#include "runtime/os/turns.hpp"

namespace instbench::bench {
namespace {

// Cycles that do nothing, and fail in the `failing`-th run of the loop if there is one.
class IdleCell : public Cell {
 public:
  explicit IdleCell(int failing = -1) : left_(failing) {}
  const EngineFacts& engine() const override { return facts_; }
  Json facts() const override { return nullptr; }
  PhaseTimes first_cycle(std::string&) override { return {}; }
  std::optional<std::string> verify(uint64_t) override { return std::nullopt; }
  std::optional<std::string> verify_timed(uint64_t&) override { return std::nullopt; }
  void warm_up() override {}
  void cycles(benchmark::State& state) override {
    const bool fails = left_-- == 0;
    for (auto _ : state) {
      if (fails) throw std::runtime_error("a cycle failed");
    }
  }
  void run(uint64_t) override {}
  PhaseTimes phased_cycle() override { return {}; }
  CounterSlopes count() override { return {}; }

 private:
  EngineFacts facts_;
  int left_;
};

std::string failure_of(Cell& cell, os::Turns& turns) {
  const Case conditions;
  Parts parts{turns, conditions};
  try {
    run_batch(cell, 40, 1, 4, parts);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "none";
}

TEST(Batch, WhatFailedIsSaidWhicheverPartItWas) {
  os::Turns alone;
  for (int part = 0; part < 4; ++part) {
    IdleCell cell(part);
    EXPECT_EQ(failure_of(cell, alone), "a cycle failed") << part;
  }
  IdleCell sound;
  EXPECT_EQ(failure_of(sound, alone), "none");
}

TEST(Batch, ATurnThatNeverComesAgainIsSaid) {
  std::vector<os::TurnEnds> ring = os::make_turns(2);  // the other end gives nothing back
  os::Turns turns(std::move(ring[0]), std::chrono::milliseconds(50), os::Share::nothing);
  IdleCell cell;
  EXPECT_EQ(failure_of(cell, turns), "waited 0.05 s for another process of its block to end its turn");
}

}  // namespace
}  // namespace instbench::bench
