#include "runtime/os/fork.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "runtime/os/process.hpp"

namespace instbench::os {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{60000};

TEST(Fork, ABodyThatReturnsIsOkAndChangesNothingHere) {
  int value = 1;
  const ForkResult result = run_forked([&] { value = 2; }, kLong);
  EXPECT_TRUE(result.ok) << result.message;
  EXPECT_EQ(result.message, "");
  EXPECT_EQ(value, 1);
}

TEST(Fork, AnExceptionsTextTravels) {
  const ForkResult result = run_forked([] { throw std::runtime_error("function 7: too large"); }, kLong);
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.message, "function 7: too large");
  EXPECT_FALSE(result.signal);
}

TEST(Fork, AMessageLongerThanAPipeDoesNotHang) {
  const ForkResult result = run_forked([] { throw std::runtime_error(std::string(1 << 20, 'x')); }, kLong);
  EXPECT_FALSE(result.ok);
  EXPECT_GT(result.message.size(), size_t{1000});
}

TEST(Fork, AnAbortNamesTheSignalAndTheLastWords) {
  const auto body = [] {
    std::fputs("wasm2c: simd is not implemented\n", stderr);
    std::abort();
  };
  const ForkResult result = run_forked(body, kLong);
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.signal, SIGABRT);
  EXPECT_EQ(result.message, "killed by SIGABRT (Aborted): wasm2c: simd is not implemented");
  EXPECT_EQ(result.err, "wasm2c: simd is not implemented\n");
}

TEST(Fork, AnExitIsNoReturnWhateverItsCode) {
  EXPECT_EQ(run_forked([] { std::exit(1); }, kLong).message, "exited with code 1 before it was done");
  const ForkResult zero = run_forked([] { std::exit(0); }, kLong);
  EXPECT_FALSE(zero.ok);
  EXPECT_EQ(zero.message, "exited with code 0 before it was done");
}

TEST(Fork, AnExitInTheChildDoesNotRunTheParentsExitHandlers) {
  static pid_t owner = 0;
  owner = ::getpid();
  std::atexit([] {
    if (::getpid() != owner) std::fputs("exit handler ran\n", stderr);
  });
  EXPECT_EQ(run_forked([] { std::exit(3); }, kLong).err, "");
}

TEST(Fork, ATimeOutKillsAndReaps) {
  const ForkResult result = run_forked([] { ::pause(); }, milliseconds(50));
  EXPECT_FALSE(result.ok);
  EXPECT_TRUE(result.timed_out);
  EXPECT_FALSE(result.signal);
  EXPECT_EQ(result.message, "killed after 0.05 s, its time limit");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Fork, AnInterruptionKillsIt) {
  const auto outer = [] {  // the flag stays set for ever: not in this process
    catch_interrupts();
    ::raise(SIGTERM);
    const ForkResult inner = run_forked([] { ::pause(); }, kLong);
    if (!inner.interrupted || inner.timed_out || inner.ok) throw std::runtime_error("it was not interrupted");
    if (inner.message != "interrupted") throw std::runtime_error(inner.message);
  };
  const ForkResult result = run_forked(outer, kLong);
  EXPECT_TRUE(result.ok) << result.message;
}

TEST(Fork, TheChildWritesNoCoreFile) {
  const auto body = [] {
    rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    if (core.rlim_cur != 0 || core.rlim_max != 0) throw std::runtime_error("core files are allowed");
  };
  const ForkResult result = run_forked(body, kLong);
  EXPECT_TRUE(result.ok) << result.message;
}

TEST(Fork, TheChildDiesWithItsParent) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    ::close(ends[0]);
    // The grandchild holds the pipe's writing end until it dies; it kills its parent once it is under way.
    run_forked(
        [&] {
          ::kill(::getppid(), SIGKILL);
          for (;;) ::pause();
        },
        kLong);
    ::_exit(0);
  }
  ::close(ends[1]);
  int status = 0;
  EXPECT_EQ(::waitpid(parent, &status, 0), parent);
  EXPECT_TRUE(WIFSIGNALED(status));
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0) << "end of file: the grandchild is gone too";
  ::close(ends[0]);
}

}  // namespace
}  // namespace instbench::os
