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
#include <filesystem>
#include <iterator>
#include <set>
#include <stdexcept>

#include "runtime/os/error.hpp"

namespace instbench::os {
namespace {

// A prctl option that no kernel knows: fails with EINVAL, changes nothing, is easy to recognise.
constexpr int kMarkerOption = 0x69624d4b;

// Threads and children are followed; an exec is an event and no signal.
constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                          PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;

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
      {SYS_sched_yield, "sched_yield"},
      {SYS_process_madvise, "process_madvise"},
      {SYS_read, "read"},
      {SYS_write, "write"},
      {SYS_getpid, "getpid"},
      {SYS_gettid, "gettid"},
      {SYS_sigaltstack, "sigaltstack"},
      {SYS_rt_sigaction, "rt_sigaction"},
#ifdef SYS_epoll_wait
      {SYS_epoll_wait, "epoll_wait"},
#endif
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

// Waits for the child itself, or for it and all that it started.
pid_t wait_for(pid_t child, int& status) {
  for (;;) {
    const pid_t changed = ::waitpid(child, &status, __WALL);
    if (changed >= 0) return changed;
    if (errno != EINTR) throw_errno("waitpid(traced child)");
  }
}

class Tracer {
 public:
  explicit Tracer(pid_t child) : child_(child), known_{child} {}

  std::vector<TracedInterval> run() {
    resume(child_, 0);
    for (;;) {
      int status = 0;
      const pid_t stopped = wait_for(-1, status);
      if (WIFEXITED(status) || WIFSIGNALED(status)) {
        if (stopped == child_) return finish(status);
        continue;
      }
      resume(stopped, signal_for(stopped, status));
    }
  }

 private:
  // What a stopped thread is to go on with: nothing after a system call, an event of ptrace or its own birth.
  int signal_for(pid_t thread, int status) {
    const bool is_new = known_.insert(thread).second;
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
      at_syscall_stop(thread);
      return 0;
    }
    const bool is_event = status >> 16 != 0;
    return is_event || (is_new && WSTOPSIG(status) == SIGSTOP) ? 0 : WSTOPSIG(status);
  }

  static void resume(pid_t thread, int signal) {
    // A thread may have been killed meanwhile: its end is reported next.
    if (::ptrace(PTRACE_SYSCALL, thread, nullptr, signal) != 0 && errno != ESRCH) throw_errno("ptrace(PTRACE_SYSCALL)");
  }

  void at_syscall_stop(pid_t thread) {
    struct __ptrace_syscall_info info {};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) < 0) {
      if (errno == ESRCH) return;
      throw_errno("ptrace(PTRACE_GET_SYSCALL_INFO)");
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
    const bool ours = info.entry.nr == SYS_prctl && info.entry.args[0] == kMarkerOption;
    const bool a_programs = info.entry.nr == SYS_kill && info.entry.args[1] == 0;
    if (ours || a_programs) {
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
  std::set<pid_t> known_;
  std::vector<TracedInterval> intervals_;
};

// Of this process; 1 where /proc does not tell.
size_t threads_now() {
  std::error_code error;
  std::filesystem::directory_iterator tasks("/proc/self/task", error);
  return error ? 1 : static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

}  // namespace

std::vector<TracedInterval> trace_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  if (threads_now() > 1) throw_error(EBUSY, "fork for ptrace: this process has threads that its child would not have");
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  if (child == 0) run_traced(body);
  int status = 0;
  wait_for(child, status);
  if (!WIFSTOPPED(status)) {
    throw_error(EPERM, "ptrace(PTRACE_TRACEME)");
  }
  try {
    if (::ptrace(PTRACE_SETOPTIONS, child, nullptr, kOptions) != 0) throw_errno("ptrace(PTRACE_SETOPTIONS)");
    return Tracer(child).run();
  } catch (...) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    throw;
  }
}

void trace_marker() { ::prctl(kMarkerOption, 0, 0, 0, 0); }

}  // namespace instbench::os
