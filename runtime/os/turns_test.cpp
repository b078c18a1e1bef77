#include "runtime/os/turns.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <mutex>
#include <string>
#include <thread>

#include "runtime/os/process.hpp"

namespace instbench::os {
namespace {

constexpr std::chrono::milliseconds kLong{60000};

TEST(Turns, AloneEveryTurnIsOnesOwn) {
  Turns turns;
  const InTurns in_turns(turns);
  turns.next();
  EXPECT_TRUE(turns.alone());
}

// Threads stand in for processes: each has ends of its own.
TEST(Turns, OneAtATimeRoundAndRound) {
  constexpr size_t kProcesses = 3, kTurns = 200;
  std::vector<TurnEnds> ring = make_turns(kProcesses);
  std::string said;  // written by whoever has the token
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kProcesses; ++i) {
      threads.emplace_back([&said, i, ends = std::move(ring[i])]() mutable {
        Turns turns(std::move(ends), kLong, Share::nothing);
        EXPECT_FALSE(turns.alone());
        const InTurns in_turns(turns);
        for (size_t turn = 0; turn < kTurns; ++turn) {
          said += static_cast<char>('a' + i);
          turns.next();
        }
      });
    }
  }
  std::string expected;
  for (size_t turn = 0; turn < kTurns; ++turn) expected += "abc";
  EXPECT_EQ(said, expected);
}

TEST(Turns, WhoEndsSetsTheNextFree) {
  std::vector<TurnEnds> ring = make_turns(2);
  { const TurnEnds dead = std::move(ring[0]); }
  Turns turns(std::move(ring[1]), kLong, Share::nothing);
  const InTurns in_turns(turns);
  for (int i = 0; i < 3; ++i) turns.next();  // also: writing to the dead costs no SIGPIPE
}

TEST(Turns, PatienceEnds) {
  std::vector<TurnEnds> ring = make_turns(2);
  Turns second(std::move(ring[1]), std::chrono::milliseconds(50), Share::nothing);
  try {
    second.take();
    FAIL() << "nobody gave it the token";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "waited 0.05 s for another process of its block to end its turn");
  }
}

TEST(Turns, AllStayWhereTheFirstWas) {
  std::vector<TurnEnds> ring = make_turns(2);
  const auto cpus_of = [](TurnEnds ends, Share share) {
    cpu_set_t set;
    CPU_ZERO(&set);
    Turns turns(std::move(ends), kLong, share);
    const InTurns in_turns(turns);
    turns.next();
    EXPECT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
    std::vector<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(static_cast<size_t>(cpu), &set)) cpus.push_back(cpu);
    }
    return cpus;
  };
  std::vector<int> first, second;
  {
    const std::jthread one([&, ends = std::move(ring[0])]() mutable { first = cpus_of(std::move(ends), Share::cpu); });
    const std::jthread two([&, ends = std::move(ring[1])]() mutable { second = cpus_of(std::move(ends), Share::cpu); });
  }
  EXPECT_EQ(first.size(), 1U);
  EXPECT_EQ(first, second);
}

TEST(Turns, AChildHasTheEndsThatItIsToInherit) {
  const std::vector<TurnEnds> ring = make_turns(1);
  const std::string fds = "/proc/self/fd/" + std::to_string(ring[0].take.get());
  const auto seen = [&](const std::vector<int>& inherited) {
    return run_child({"/bin/sh", "-c", "test -e " + fds}, "", kLong, {.inherited = inherited}).exit_code;
  };
  EXPECT_EQ(seen({ring[0].take.get()}), 0);
  EXPECT_EQ(seen({}), 1);
}

}  // namespace
}  // namespace instbench::os
