#include "harness/worker/injection.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "runtime/os/clock.hpp"
#include "runtime/os/counters.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// By the thread's own clock: the wait for a CPU that others use is no part of what is timed.
double timed_ns(const std::function<void(uint64_t)>& run, uint64_t times) {
  const uint64_t begin = os::clock_now_ns(os::ClockKind::thread_cpu);
  run(times);
  return static_cast<double>(os::clock_now_ns(os::ClockKind::thread_cpu) - begin);
}

// A clock read in here would cost more than many a spin is long. Each turn waits for the one before, and what is added
// is opaque to the compiler, so that no turn is left out. One cycle of the CPU a turn: a spin of 10 ns is met to 3 %.
void spin(uint64_t turns) noexcept {
  uint64_t sum = turns;
  for (uint64_t i = 0; i < turns; ++i) {
    sum += i;
    asm volatile("" : "+r"(sum));
  }
}

}  // namespace

ExtraWork::ExtraWork(const Injection& injection)
    : kind_(injection.kind), pages_(injection.kind == Injection::Kind::page ? std::make_unique<Pages>() : nullptr) {}

void ExtraWork::once() noexcept {
  switch (kind_) {
    case Injection::Kind::share:
      return spin(turns_);
    case Injection::Kind::syscall:
      return os::make_one_call();
    case Injection::Kind::page:
      return os::copy_bytes(&pages_->to, &pages_->from, sizeof(Page));
  }
}

// Median of rounds that are long against the clock.
double ExtraWork::repeated_ns(uint64_t turns) {
  constexpr int kRounds = 9;
  constexpr uint64_t kTurnsOfRound = 100'000;
  turns_ = turns;
  const uint64_t calls = kTurnsOfRound / (turns + 10) + 1;
  const auto repeat = [this](uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) once();
  };
  std::vector<double> rounds;
  for (int i = 0; i < kRounds; ++i) rounds.push_back(timed_ns(repeat, calls) / static_cast<double>(calls));
  return median(std::move(rounds));
}

// The turns from what a turn costs in a long spin; a short one is then measured itself, since entering and leaving the
// loop is part of it.
void ExtraWork::aim_at(double ns) {
  constexpr uint64_t kLongTurns = 100'000;
  constexpr int kCorrections = 3;
  const double turn_ns = repeated_ns(kLongTurns) / kLongTurns;
  double turns = ns / turn_ns;
  spin_ns_ = ns;
  if (turns < kLongTurns) {
    for (int i = 0; i < kCorrections; ++i) {
      turns = std::max(0.0, turns + (ns - repeated_ns(static_cast<uint64_t>(std::llround(turns)))) / turn_ns);
    }
    spin_ns_ = repeated_ns(static_cast<uint64_t>(std::llround(turns)));
  }
  turns_ = static_cast<uint64_t>(std::llround(turns));
}

double usual_ns(const std::function<void(uint64_t)>& run) {
  constexpr double kEnoughNs = 10e6, kChunkNs = 1e6;
  constexpr size_t kFewest = 3;
  std::vector<double> chunks;
  uint64_t cycles = 1;
  for (double total = 0; total < kEnoughNs || chunks.size() < kFewest;) {
    const double ns = timed_ns(run, cycles);
    if (ns < kChunkNs) {  // too short against the clock: begin again with more
      cycles *= 2;
      chunks.clear();
      total = 0;
      continue;
    }
    chunks.push_back(ns / static_cast<double>(cycles));
    total += ns;
  }
  return median(std::move(chunks));
}

}  // namespace instbench::bench
