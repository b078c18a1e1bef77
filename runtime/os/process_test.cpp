#include "runtime/os/process.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "runtime/os/counters.hpp"

namespace instbench::os {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{60000};
constexpr milliseconds kPatience{20000};  // for what else would take for ever

ChildResult shell(const std::string& script, const std::string& input = "", milliseconds timeout = kLong) {
  return run_child({"/bin/sh", "-c", script}, input, timeout);
}

TEST(Process, CarriesInputAndBothStreams) {
  const ChildResult result = shell("cat; echo problem >&2; exit 3", "hello");
  EXPECT_EQ(result.out, "hello");
  EXPECT_EQ(result.err, "problem\n");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_FALSE(result.signal);
}

TEST(Process, MoreThanAPipeHoldsInBothDirections) {
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(shell("cat", large).out, large);
}

TEST(Process, AChildThatDoesNotReadIsNoHarm) {
  const ChildResult result = shell("exit 0", std::string(1 << 20, 'x'));
  EXPECT_EQ(result.exit_code, 0);
}

TEST(Process, HugePagesCanBeOffInAChild) {
  const auto said = [](bool huge_pages) {
    return run_child({"/bin/sh", "-c", "grep THP_enabled /proc/self/status"}, "", kLong, {.huge_pages = huge_pages}).out;
  };
  if (said(true).empty()) GTEST_SKIP() << "this kernel does not say (Linux 5.0)";
  EXPECT_EQ(said(false), "THP_enabled:\t0\n");
}

TEST(Process, ASignalIsReported) { EXPECT_EQ(shell("kill -SEGV $$").signal, SIGSEGV); }

TEST(Process, KeepsTheEndOfALongError) {
  const ChildResult result = shell("head -c 100000 /dev/zero >&2; echo last >&2");
  EXPECT_EQ(result.err.size(), size_t{8} << 10);
  EXPECT_TRUE(result.err.ends_with("last\n"));
}

TEST(Process, TimeOutKillsTheWholeGroup) {
  const ChildResult result = shell("echo begun; sleep 1000 & sleep 1000", "", milliseconds(300));
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.signal, SIGKILL);
  EXPECT_EQ(result.out, "begun\n");
}

TEST(Process, AGentleStopLetsTheChildAndItsHelpersTidyUp) {
  const std::string helper = "(trap 'sleep 0.1; echo helper >&2; exit' TERM; while :; do sleep 0.01; done) & ";
  const ChildResult result = run_child({"/bin/sh", "-c", helper + "trap 'exit 7' TERM; while :; do sleep 0.01; done"},
                                       "", milliseconds(1000), {.stop = Stop::gently});
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_TRUE(result.err.ends_with("helper\n")) << result.err;  // after what the shell says of its sleeps
}

TEST(Process, AGentleStopEndsWhatDoesNotListen) {
  const ChildResult result =
      run_child({"/bin/sh", "-c", "trap '' TERM; sleep 1000; sleep 1000"}, "", milliseconds(1000), {.stop = Stop::gently});
  EXPECT_EQ(result.signal, SIGKILL);
}

TEST(Process, AHelperLeftBehindDoesNotHoldUsUp) {
  const ChildResult result = shell("sleep 1000 & echo done");
  EXPECT_EQ(result.out, "done\n");
  EXPECT_FALSE(result.timed_out);
}

ChildResult guarded(const std::string& script, milliseconds timeout = kLong) {
  return run_child({"/bin/sh", "-c", script}, "in", timeout, {.helpers_die_too = true});
}

TEST(Process, AGuardedChildIsAsAnyOther) {
  const ChildResult result = guarded("cat; echo problem >&2; exit 3");
  EXPECT_EQ(result.out, "in");
  EXPECT_EQ(result.err, "problem\n");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(guarded("kill -SEGV $$").signal, SIGSEGV);
  EXPECT_EQ(guarded("sleep 1000 & sleep 1000", milliseconds(300)).signal, SIGKILL);
  EXPECT_THROW(run_child({"/no/such/program"}, "", kLong, {.helpers_die_too = true}), std::system_error);
}

// Not there, or a zombie that nobody has reaped yet.
bool has_ended(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string stat;
  return !std::getline(file, stat) || stat.find(") Z ") != stat.npos;
}

// "PPid", "State", "ShdPnd" as /proc has them; empty when it has ended.
std::string status_of(const std::string& pid, const std::string& key) {
  std::ifstream file("/proc/" + pid + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":\t")) return line.substr(key.size() + 2);
  }
  return "";
}

bool comes_true(const std::function<bool()>& condition) {
  for (const auto end = std::chrono::steady_clock::now() + kLong; std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

// Runs a guarded shell in a process of its own. Once the shell has written its helper's number, `meanwhile` gets that;
// then the process is killed, and the helper must end.
void expect_helper_ends(const std::string& script, const std::function<void(const std::string& helper)>& meanwhile) {
  const std::string path = testing::TempDir() + "instbench_helper_" + std::to_string(::getpid());
  std::filesystem::remove(path);
  const pid_t parent = ::fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    guarded(script + "echo $! > " + path + ".part && mv " + path + ".part " + path + "; wait");
    ::_exit(1);
  }
  ASSERT_TRUE(comes_true([&] { return std::filesystem::exists(path); }));
  std::string helper;
  std::ifstream(path) >> helper;
  EXPECT_FALSE(has_ended(helper));
  meanwhile(helper);
  ::kill(parent, SIGKILL);
  EXPECT_TRUE(comes_true([&] { return has_ended(helper); })) << helper;
  ::waitpid(parent, nullptr, 0);
  std::filesystem::remove(path);
}

TEST(Process, HelpersOfAGuardedChildEndWhenTheParentIsKilled) {
  expect_helper_ends("sleep 1000 & ", [](const std::string&) {});
}

TEST(Process, AGuardedChildThatWasStoppedAndGoesOnIsStillGuarded) {
  expect_helper_ends("sleep 1000 & ", [](const std::string& helper) {
    const std::string shell = status_of(helper, "PPid"), guard = status_of(shell, "PPid");
    const auto has_heard = [&] { return status_of(guard, "ShdPnd") == "0000000000000000"; };
    ::kill(std::stoi(shell), SIGSTOP);
    EXPECT_TRUE(comes_true([&] { return status_of(shell, "State").starts_with("T") && has_heard(); }));
    ::kill(std::stoi(shell), SIGCONT);
    EXPECT_TRUE(comes_true([&] { return !status_of(shell, "State").starts_with("T") && has_heard(); }));
  });
}

// Becomes a user of whom there are no other processes, and who may have two: this one and the guard.
[[noreturn]] void start_a_third_process() {
  constexpr uid_t kNobodyElse = 1'234'567;
  const rlimit two{2, 2};
  if (::setrlimit(RLIMIT_NPROC, &two) != 0 || ::setresuid(kNobodyElse, kNobodyElse, kNobodyElse) != 0) std::exit(2);
  try {
    guarded("exit 0");
    std::exit(1);
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "%s", error.what());
    std::exit(42);
  }
}

TEST(ProcessDeathTest, WhenNoProcessIsLeftForAGuardedProgramThatIsSaid) {
  if (::geteuid() != 0) GTEST_SKIP() << "another user cannot be had";
  EXPECT_EXIT(start_a_third_process(), testing::ExitedWithCode(42), "fork, for '/bin/sh': Resource temporarily unavailable");
}

// In a child process of the test: there, what was started is not the test's to wait for.
TEST(ProcessDeathTest, AnIgnoredSigchldHoldsNoGuardUp) {
  EXPECT_EXIT(
      {
        ::signal(SIGCHLD, SIG_IGN);
        const bool ended = !guarded("exit 3", kPatience).timed_out;
        learn_how_children_end();
        std::exit(ended && guarded("exit 3").exit_code == 3 && shell("kill -SEGV $$").signal == SIGSEGV ? 42 : 1);
      },
      testing::ExitedWithCode(42), "");
}

TEST(Process, WhatCannotBeStartedIsNamed) {
  try {
    run_child({"/no/such/program"}, "", kLong);
    FAIL() << "started";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/program"), std::string::npos);
    EXPECT_EQ(error.code().value(), ENOENT);
  }
}

TEST(Process, OneCallIsCountedAsOne) {
  const Counters before = counters();
  make_one_call();
  const Counters made = counters() - before;
  EXPECT_EQ(made.calls[static_cast<size_t>(Call::getppid)], 1U);
  EXPECT_EQ(name_of(Call::getppid), "getppid");
}

TEST(Process, KnowsItself) { EXPECT_TRUE(self_path().ends_with("os_test")) << self_path(); }

// In a child process of the test, since the flag stays up.
TEST(ProcessDeathTest, AnInterruptionKillsTheChildAndIsSeen) {
  EXPECT_EXIT(
      {
        catch_interrupts();
        const ChildResult result = shell("kill -INT $PPID; sleep 1000");
        std::exit(result.interrupted && interrupted() == SIGINT && result.signal == SIGKILL ? 42 : 1);
      },
      testing::ExitedWithCode(42), "");
}

}  // namespace
}  // namespace instbench::os
