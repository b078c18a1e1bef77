// Compilers that are not there, fail, die, hang or meet a full disk: one clear line, no file and no child left behind.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "runtime/codegen/test_code.hpp"
#include "runtime/os/fork.hpp"
#include "runtime/os/guest.hpp"

namespace instbench {
namespace {

using namespace testing_code;

constexpr std::chrono::seconds kLong{120};
constexpr const char* kSmall = "(module (func (export \"f\") (result i32) i32.const 1))";

// Runs `body` in a child, where it may change the environment; what it throws.
std::string thrown_in_child(const std::function<void()>& body) {
  const os::ForkResult result = os::run_forked(body, kLong);
  return result.ok ? "nothing was thrown" : result.message;
}

// Which compilers there are is asked once per process: this asks before any test has.
struct WithoutCompilers : testing::Environment {
  std::string tcc, cc, automatic;
  void SetUp() override {
    const auto asked = [](Compiler compiler) {
      return thrown_in_child([&] {
        ::setenv("PATH", "/nonexistent", 1);
        choose_compiler(Module{}, compiler);
      });
    };
    tcc = asked(Compiler::tcc);
    cc = asked(Compiler::cc);
    automatic = asked(Compiler::automatic);
  }
};
WithoutCompilers* const g_without =
    static_cast<WithoutCompilers*>(testing::AddGlobalTestEnvironment(new WithoutCompilers));

TEST(Compilers, OnesThatAreNotThereAreNamedWithWhatToDo) {
  if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
  EXPECT_EQ(g_without->tcc, "TinyCC is not installed (apt-get install tcc)");
  EXPECT_EQ(g_without->cc, "no C compiler 'cc' is installed (apt-get install gcc)");
  EXPECT_EQ(g_without->automatic, g_without->cc);
}

TEST(Compilers, NoneMakesNoCode) {
  const Source source(kSmall);
  const Folder folder;
  EXPECT_EQ(refusal([&] { compile_module(*source.module, source.bytes, with(Compiler::none), folder / "a.so"); }),
            "codegen=none makes no code");
}

class Faulty : public EachCompiler {
 protected:
  void SetUp() override {
    EachCompiler::SetUp();
    if (!IsSkipped()) compiler_id(GetParam());  // asked now, so that children find it in PATH but need not ask
  }

  // A program of that name, first in the PATH of children, with this body.
  void replace(const std::string& tool, const std::string& script) const {
    const std::string path = programs_ / tool.c_str();
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    fs::permissions(path, fs::perms::owner_all);
  }
  void replace_compiler(const std::string& script) const { replace(std::string(name_of(GetParam())), script); }

  // What compiling says; checks that it is one line and that nothing stays.
  std::string said(std::chrono::milliseconds timeout = kLong, const char* wat = kSmall) const {
    const Source source(wat);
    const std::string text = thrown_in_child([&] {
      const char* path = std::getenv("PATH");
      ::setenv("PATH", (programs_.path.string() + ":" + (path != nullptr ? path : "")).c_str(), 1);
      CodegenOptions options = with(GetParam());
      options.timeout = timeout;
      std::string why;
      try {
        compile_module(*source.module, source.bytes, options, made_ / "a.so");
      } catch (const std::exception& error) {
        why = error.what();
      }
      if (::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD) why += " [a child is left]";
      if (!why.empty()) throw std::runtime_error(why);
    });
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_EQ(made_.files(), text == "nothing was thrown" ? 1u : 0u) << text;
    return text;
  }
  std::string tool() const { return GetParam() == Compiler::tcc ? "TinyCC" : "cc"; }

  Folder programs_, made_;
};
INSTANTIATE_TEST_SUITE_P(Each, Faulty, testing::Values(Compiler::tcc, Compiler::cc), name_of_compiler);

TEST_P(Faulty, ACompilerThatWorksLeavesTheLibraryOnly) { EXPECT_EQ(said(), "nothing was thrown"); }

TEST_P(Faulty, ACompilerThatFailsIsQuotedWithItsFirstError) {
  replace_compiler(
      "echo 'x.c: note: in f' >&2; echo 'x.c:3: error: no such thing' >&2; echo 'x.c:4: error: more' >&2; exit 1");
  EXPECT_EQ(said(), tool() + " failed: x.c:3: error: no such thing");
}

TEST_P(Faulty, ACompilerThatFailsInSilenceIsNamedWithItsExitCode) {
  replace_compiler("exit 3");
  EXPECT_EQ(said(), tool() + " failed: exit code 3");
}

TEST_P(Faulty, ACompilerThatIsKilledIsNamed) {
  replace_compiler("kill -KILL $$");
  EXPECT_EQ(said(), tool() + " was killed by signal 9");
}

TEST_P(Faulty, ACompilerThatHangsIsStoppedWithItsChildren) {
  replace_compiler("echo $$ >\"$0.pid\"; sleep 1000 & echo $! >>\"$0.pid\"; wait");
  EXPECT_EQ(said(std::chrono::milliseconds(1000)), tool() + " took too long and was stopped");
  std::ifstream pids(programs_ / (std::string(name_of(GetParam())) + ".pid").c_str());
  int seen = 0;
  for (pid_t pid; pids >> pid; ++seen) {
    // Killed, which takes effect in a moment; then reaped, or (an orphan, which init has still to reap) dead.
    std::string state;
    const auto has_ended = [&] {
      std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
      std::string number, name;
      state.clear();
      stat >> number >> name >> state;
      return state.empty() || state == "Z" || state == "X";
    };
    for (int i = 0; i < 10'000 && !has_ended(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(has_ended()) << pid << " is " << state;
  }
  EXPECT_EQ(seen, 2);
}

TEST_P(Faulty, ACompilerThatClaimsSuccessButWritesNothingIsNotBelieved) {
  replace_compiler("exit 0");
  EXPECT_NE(said(), "nothing was thrown");
}

TEST_P(Faulty, ALinkerThatFailsIsQuoted) {
  if (GetParam() != Compiler::tcc) return;  // cc finds its linker by itself
  replace("ld", "echo 'ld: cannot find -lm' >&2; exit 1");
  EXPECT_EQ(said(), "the linker failed: ld: cannot find -lm");
}

// A translation that does not end in time; the writer's text is large. On a busy machine it may be done before anybody
// looks at the clock, and then the compiler is what is stopped.
TEST_P(Faulty, ATranslationThatTakesTooLongIsStopped) {
  std::string wat = "(module";
  for (int i = 0; i < 3000; ++i) wat += "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))";
  const std::string text = said(std::chrono::milliseconds(1), (wat + ")").c_str());
  if (!text.ends_with("took too long and was stopped")) {
    EXPECT_EQ(text, "the translation to C was killed after 0.001 s, its time limit");
  }
}

TEST_P(Faulty, WhatCannotBeTranslatedIsRefusedBeforeAnyCompilerRuns) {
  replace_compiler("touch \"$0.ran\"; exit 1");
  EXPECT_EQ(said(kLong, "(module (func (drop (v128.const i64x2 1 2))))").substr(0, 27), "wasm2c cannot translate it:");
  EXPECT_EQ(programs_.files(), 1u) << "the compiler was asked";
}

// Whatever is the last file that fits. RLIMIT_FSIZE stands for a disk that is full: the writes fail, or kill.
TEST_P(Faulty, NoSizeOfFileLimitLeavesAnythingBehind) {
  const Source source(kSmall);
  int refused = 0;
  for (const rlim_t bytes : {0u, 1000u, 10'000u, 20'000u, 40'000u, 1'000'000u}) {
    const std::string text = thrown_in_child([&] {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{bytes, bytes};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      compile_module(*source.module, source.bytes, with(GetParam()), made_ / "a.so");
    });
    const bool made = text == "nothing was thrown";
    refused += made ? 0 : 1;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_EQ(made_.files(), made ? 1u : 0u) << bytes << ": " << text;
    EXPECT_TRUE(bytes != 0 || text.find("is the disk full?") != std::string::npos) << text;
    fs::remove(made_ / "a.so");
  }
  EXPECT_GE(refused, 3);
  EXPECT_LT(refused, 6);
}

// A file system of a few pages, mounted for one child only.
TEST_P(Faulty, AFullDiskIsSaidAndLeavesNothing) {
  const Source source(kSmall);
  int refused = 0, made = 0;
  for (const char* options : {"size=4k", "size=16k", "size=32k", "size=64k", "size=128k", "size=1m"}) {
    const std::string text = thrown_in_child([&] {
      const int spaces = ::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
      if (::unshare(spaces) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          ::mount("none", made_.path.c_str(), "tmpfs", 0, options) != 0)
        throw std::runtime_error("mounting is not allowed");
      std::string why;
      try {
        compile_module(*source.module, source.bytes, with(GetParam()), made_ / "a.so");
      } catch (const std::exception& error) {
        why = error.what();
      }
      if (made_.files() != (why.empty() ? 1u : 0u)) why += " [files are left]";
      if (!why.empty()) throw std::runtime_error(why);
    });
    if (text == "mounting is not allowed") GTEST_SKIP() << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_EQ(text.find("[files are left]"), std::string::npos) << text;
    ++(text == "nothing was thrown" ? made : refused);
    EXPECT_TRUE(text == "nothing was thrown" || text.size() > 20) << text;
  }
  EXPECT_GE(refused, 2);
  EXPECT_GE(made, 1);
}

TEST_P(Faulty, AFolderThatIsNotThereIsNamed) {
  const Source source(kSmall);
  const std::string why =
      refusal([&] { compile_module(*source.module, source.bytes, with(GetParam()), made_ / "no/such/a.so"); });
  EXPECT_NE(why.find("no/such/a.so"), std::string::npos) << why;
}

}  // namespace
}  // namespace instbench
