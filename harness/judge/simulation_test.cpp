// The whole rule on invented machines, seeded: what a user is promised, and no more than a few hundred runs can show.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "harness/judge/verdict.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kCases = 6;

class Machine {
 public:
  Machine(uint64_t seed, double scatter, double bad_blocks) : random_(seed), scatter_(scatter), bad_(bad_blocks) {}

  // ln(B/A) and ln(A′/A) of n blocks; all three arms are as noisy, and A's noise is in both.
  ConfirmInput measure(double effect, size_t n) {
    ConfirmInput out{{}, {}, 0.03};
    for (size_t i = 0; i < n; ++i) {
      const double a = time();
      out.d.push_back(effect + time() - a);
      out.control.push_back(time() - a);
    }
    return out;
  }

 private:
  double time() {
    const double factor = uniform_(random_) < bad_ ? 6 : 1;
    return factor * scatter_ / std::sqrt(2.0) * normal_(random_);
  }

  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> uniform_;
  double scatter_, bad_;
};

// One comparison: kCases cases, of which the first has the effect. The verdict of each.
std::vector<Verdict> compare(Machine& machine, double effect, const Procedure& procedure) {
  std::vector<Verdict> verdicts(kCases, Verdict::same);
  std::vector<size_t> promoted;
  double scatter = 0;
  for (size_t i = 0; i < kCases; ++i) {
    const auto seen = screen(machine.measure(i == 0 ? effect : 0, procedure.screen_blocks).d, 0.03, procedure);
    if (seen.cleared) continue;
    promoted.push_back(i);
    scatter = std::max(scatter, seen.scatter.value());
  }
  const size_t blocks = confirm_blocks(scatter, std::log1p(0.03), promoted.size(), procedure);
  std::vector<ConfirmInput> tests;
  for (const size_t i : promoted) tests.push_back(machine.measure(i == 0 ? effect : 0, blocks));
  const auto confirmed = confirm(tests, procedure);
  for (size_t k = 0; k < promoted.size(); ++k) verdicts[promoted[k]] = confirmed[k].verdict;
  return verdicts;
}

std::map<Verdict, int> count_first(uint64_t seed, double scatter, double bad_blocks, double effect, int runs) {
  Machine machine(seed, scatter, bad_blocks);
  std::map<Verdict, int> count;
  for (int run = 0; run < runs; ++run) ++count[compare(machine, effect, {})[0]];
  return count;
}

int runs_with(uint64_t seed, double scatter, double bad_blocks, int runs, std::initializer_list<Verdict> any_of) {
  Machine machine(seed, scatter, bad_blocks);
  int found = 0;
  for (int run = 0; run < runs; ++run) {
    const auto verdicts = compare(machine, 0, {});
    found += std::find_first_of(verdicts.begin(), verdicts.end(), any_of.begin(), any_of.end()) != verdicts.end();
  }
  return found;
}

TEST(Simulation, AgainstItselfNothingIsRedOrGreen) {
  const auto wrong = {Verdict::regressed, Verdict::improved};
  EXPECT_EQ(runs_with(1, 0.02, 0, 200, wrong), 0);
  EXPECT_EQ(runs_with(2, 0.02, 0.05, 200, wrong), 0);
  EXPECT_EQ(runs_with(3, 0.08, 0, 100, wrong), 0);
}

TEST(Simulation, AgainstItselfAQuietMachineIsConclusive) {  // a gate that never answers is no gate
  EXPECT_LE(runs_with(4, 0.02, 0, 200, {Verdict::inconclusive}), 2);
  EXPECT_LE(runs_with(5, 0.02, 0.05, 200, {Verdict::inconclusive}), 6);
}

TEST(Simulation, EightPercentIsCaught) {
  EXPECT_GE(count_first(6, 0.02, 0, 0.077, 200)[Verdict::regressed], 195);
  EXPECT_GE(count_first(7, 0.02, 0.05, 0.077, 200)[Verdict::regressed], 185);
}

TEST(Simulation, FivePercentIsAlmostNeverCalledSame) {
  auto count = count_first(8, 0.03, 0, 0.0488, 200);
  EXPECT_LE(count[Verdict::same], 2);
  EXPECT_GE(count[Verdict::regressed], 150);
  EXPECT_EQ(count[Verdict::improved], 0);
}

TEST(Simulation, DetectableIsFoundAsOftenAsItSays) {
  const size_t blocks = confirm_blocks(0.02, std::log1p(0.03), 1, {});
  const double effect = std::log1p(detectable(0.02, 0.03, 1, blocks, {}).value());
  Machine machine(9, 0.02, 0);
  int found = 0;
  for (int run = 0; run < 1000; ++run) {
    const bool promoted = !screen(machine.measure(effect, 18).d, 0.03).cleared;
    const std::vector<ConfirmInput> test = {machine.measure(effect, blocks)};
    found += promoted && confirm(test).front().verdict == Verdict::regressed;
  }
  EXPECT_NEAR(found, 900, 40);
}

}  // namespace
}  // namespace instbench::bench
