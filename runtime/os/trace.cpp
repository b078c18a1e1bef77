#include "runtime/os/trace.hpp"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include "runtime/os/error.hpp"

namespace instbench::os {
namespace {

// A prctl option that no kernel knows: fails with EINVAL, changes nothing, is easy to recognise.
constexpr int kMarkerOption = 0x69624d4b;

std::string syscall_name(uint64_t number) {
  static const std::map<uint64_t, std::string> kNames{
      {SYS_mmap, "mmap"},
      {SYS_munmap, "munmap"},
      {SYS_mprotect, "mprotect"},
      {SYS_madvise, "madvise"},
      {SYS_mremap, "mremap"},
      {SYS_brk, "brk"},
      {SYS_futex, "futex"},
      {SYS_ioctl, "ioctl"},
      {SYS_fcntl, "fcntl"},
      {SYS_close, "close"},
      {SYS_prctl, "prctl"},
      {SYS_ftruncate, "ftruncate"},
      {SYS_pwrite64, "pwrite64"},
      {SYS_memfd_create, "memfd_create"},
      {SYS_getrusage, "getrusage"},
      {SYS_clock_gettime, "clock_gettime"},
      {SYS_getppid, "getppid"},
      {SYS_rt_sigprocmask, "rt_sigprocmask"},
  };
  const auto found = kNames.find(number);
  return found != kNames.end() ? found->second : "syscall_" + std::to_string(number);
}

[[noreturn]] void run_traced(const std::function<void()>& body) {
  // SAFETY: only calls that are async-signal-safe or harmless in a forked single-threaded child.
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(125);
  ::raise(SIGSTOP);
  try {
    body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "traced child: %s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("waitpid(traced child)");
  }
  return status;
}

class Tracer {
 public:
  explicit Tracer(pid_t child) : child_(child) {}

  std::vector<TracedInterval> run() {
    int signal = 0;
    for (;;) {
      if (::ptrace(PTRACE_SYSCALL, child_, nullptr, signal) != 0) throw_errno("ptrace(PTRACE_SYSCALL)");
      const int status = wait_for(child_);
      if (WIFEXITED(status) || WIFSIGNALED(status)) return finish(status);
      signal = 0;
      if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
        at_syscall_stop();
      } else {
        signal = WSTOPSIG(status);
      }
    }
  }

 private:
  void at_syscall_stop() {
    struct __ptrace_syscall_info info {};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, child_, sizeof info, &info) < 0)
      throw_errno("ptrace(PTRACE_GET_SYSCALL_INFO)");
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
    if (info.entry.nr == SYS_prctl && info.entry.args[0] == kMarkerOption) {
      intervals_.emplace_back();
    } else if (!intervals_.empty()) {
      ++intervals_.back()[syscall_name(info.entry.nr)];
    }
  }

  std::vector<TracedInterval> finish(int status) {
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      throw std::runtime_error("the traced child ended with " +
                               (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                                    : "exit code " + std::to_string(WEXITSTATUS(status))));
    }
    if (!intervals_.empty()) intervals_.pop_back();  // what follows the last marker is nobody's
    return std::move(intervals_);
  }

  pid_t child_;
  std::vector<TracedInterval> intervals_;
};

}  // namespace

std::vector<TracedInterval> trace_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  if (child == 0) run_traced(body);
  const int status = wait_for(child);
  if (!WIFSTOPPED(status)) {
    throw_error(EPERM, "ptrace(PTRACE_TRACEME)");
  }
  try {
    if (::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0)
      throw_errno("ptrace(PTRACE_SETOPTIONS)");
    return Tracer(child).run();
  } catch (...) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    throw;
  }
}

void trace_marker() { ::prctl(kMarkerOption, 0, 0, 0, 0); }

}  // namespace instbench::os
