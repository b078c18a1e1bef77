#include "runtime/os/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "runtime/os/child.hpp"
#include "runtime/os/counters.hpp"
#include "runtime/os/error.hpp"
#include "runtime/os/fd.hpp"

namespace instbench::os {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kGrace{5};        // for a child that is stopped gently
constexpr size_t kMaxOutput = size_t{64} << 20;  // a worker that floods us is cut, not believed

volatile std::sig_atomic_t g_interrupted = 0;

volatile std::sig_atomic_t g_interrupted_at_s = 0;

// timeout(1) and CI runners signal a process and then its group: the second of two within a second or two is the
// same wish. A later one is impatience, and kills at once.
void on_interrupt(int signal) {
  struct timespec now {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  if (g_interrupted == 0) {
    g_interrupted_at_s = static_cast<std::sig_atomic_t>(now.tv_sec);
    g_interrupted = signal;
  } else if (now.tv_sec - g_interrupted_at_s > 1) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
}

// A child that dies before it has read its input must cost an EPIPE, not this process: SIGPIPE is
// blocked here, and one that became pending is taken away before the mask is restored.
class SigpipeBlocked {
 public:
  SigpipeBlocked() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~SigpipeBlocked() {
    const timespec now{};
    while (::sigtimedwait(&pipe_, nullptr, &now) == SIGPIPE) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;
  const sigset_t& before() const { return before_; }

 private:
  sigset_t pipe_, before_;
};

std::vector<char*> argv_of(const std::vector<std::string>& argv) {
  std::vector<char*> pointers;
  for (const std::string& arg : argv) pointers.push_back(const_cast<char*>(arg.c_str()));  // execvp(3) does not write
  pointers.push_back(nullptr);
  return pointers;
}

// What a child that did not get as far as its program tells through a pipe.
struct Failure {
  enum class Step : int { fork, exec } step;
  int error;
};

[[noreturn]] void fail(int pipe, Failure::Step step) {
  const Failure failure{step, errno};
  [[maybe_unused]] const ssize_t told = ::write(pipe, &failure, sizeof failure);
  ::_exit(127);
}

// As a process with this status (waitpid(2)) ended.
[[noreturn]] void end_as(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    ::prctl(PR_SET_DUMPABLE, 0);  // the core file is the program's
    ::signal(signal, SIG_DFL);
    sigset_t mask;
    sigemptyset(&mask);
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    ::raise(signal);
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 127);
}

// Returns in a copy of this child, which goes on to be the program. This one stays as the leader of their group and kills
// it when the parent dies: PR_SET_PDEATHSIG alone does not reach what the program starts.
void stay_as_guard(pid_t parent, int failure) {
  constexpr int kParentDied = SIGUSR1;
  sigset_t all, awaited, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  ::prctl(PR_SET_PDEATHSIG, kParentDied);
  if (::getppid() != parent) ::_exit(127);  // it died before prctl(2) could see it
  ::signal(SIGCHLD, SIG_DFL);  // an ignored one would never come
  const pid_t pid = ::fork();
  if (pid < 0) fail(failure, Failure::Step::fork);
  if (pid == 0) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return;
  }
  ::closefrom(0);  // the streams are the program's
  sigemptyset(&awaited);
  sigaddset(&awaited, kParentDied);
  sigaddset(&awaited, SIGCHLD);
  // SIGCHLD also says that the program was stopped or goes on.
  int signal = 0, status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (::sigwait(&awaited, &signal) == 0 && signal == kParentDied) ::kill(0, SIGKILL);
  }
  end_as(status);
}

// In the child, between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(char* const* argv, int in, int out, int err, int failure, pid_t parent, const sigset_t& mask,
                         const ChildOptions& options) {
  ::setpgid(0, 0);
  if (options.helpers_die_too) {
    stay_as_guard(parent, failure);
  } else {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // it died before prctl(2) could see it
  }
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  for (const int fd : options.inherited) ::fcntl(fd, F_SETFD, 0);
  if (!options.huge_pages) ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(argv[0], argv);
  fail(failure, Failure::Step::exec);
}

void feed(Fd& fd, std::string_view& input) {
  while (!input.empty()) {
    const ssize_t n = ::write(fd.get(), input.data(), input.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) break;  // EPIPE: it does not want the rest
    input.remove_prefix(static_cast<size_t>(n));
  }
  fd.close();
}

struct Streams {
  Fd in, out, err, exited;
  std::string_view input;
};

// One round of waiting; returns after at most kChildSliceMs. poll(2) ignores negative descriptors.
void pump(Streams& streams, ChildResult& result) {
  pollfd polled[] = {{streams.in.get(), POLLOUT, 0},
                     {streams.out.get(), POLLIN, 0},
                     {streams.err.get(), POLLIN, 0},
                     {streams.exited.get(), POLLIN, 0}};
  if (::poll(polled, std::size(polled), kChildSliceMs) <= 0) return;
  if (polled[0].revents != 0) feed(streams.in, streams.input);
  if (polled[1].revents != 0) drain(streams.out, result.out, kMaxOutput, Keep::first);
  if (polled[2].revents != 0) drain(streams.err, result.err, kMaxChildError, Keep::last);
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& argv, const std::string& input,
                      std::chrono::milliseconds timeout, const ChildOptions& options) {
  Pipe in = make_pipe(), out = make_pipe(), err = make_pipe(), failure = make_pipe();
  const std::vector<char*> arguments = argv_of(argv);
  const SigpipeBlocked guard;
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) {
    become(arguments.data(), in.read.get(), out.write.get(), err.write.get(), failure.write.get(), parent,
           guard.before(), options);
  }
  Child child(pid, Child::Kill::group);
  ::setpgid(pid, pid);  // in both processes, so that it holds for whichever runs first
  for (Fd* fd : {&in.read, &out.write, &err.write, &failure.write}) fd->close();
  Failure failed{};
  if (::read(failure.read.get(), &failed, sizeof failed) == sizeof failed)
    throw_error(failed.error, failed.step == Failure::Step::fork ? "fork, for '" + argv[0] + "'" : "exec('" + argv[0] + "')");
  for (const Fd* fd : {&in.write, &out.read, &err.read}) set_nonblocking(*fd);

  // pidfd_open(2), Linux 5.3; without it an exit is noticed by the streams' end or within a slice.
  Streams streams{std::move(in.write), std::move(out.read), std::move(err.read),
                  Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))), input};
  ChildResult result;
  const auto deadline = Clock::now() + timeout;
  while (!child.wait(WNOHANG)) {
    result.interrupted = interrupted() != 0;
    result.timed_out = !result.interrupted && Clock::now() >= deadline;
    if (result.interrupted || result.timed_out) {
      if (options.stop == Stop::gently) child.ask_to_end(kGrace);
      child.kill();
      child.wait(0);
      break;
    }
    pump(streams, result);
  }
  child.kill();  // helpers it left behind would hold the streams open
  if (streams.out) drain(streams.out, result.out, kMaxOutput, Keep::first);
  if (streams.err) drain(streams.err, result.err, kMaxChildError, Keep::last);
  if (WIFSIGNALED(child.status())) result.signal = WTERMSIG(child.status());
  if (WIFEXITED(child.status())) result.exit_code = WEXITSTATUS(child.status());
  return result;
}

void exec(const std::vector<std::string>& argv) {
  const std::vector<char*> arguments = argv_of(argv);
  ::execvp(arguments[0], arguments.data());
  throw_errno("exec('" + argv[0] + "')");
}

void make_one_call() noexcept {
  if (count(Call::getppid)) ::getppid();
}

std::string self_path() {
  char buffer[4096];
  const ssize_t n = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  if (n < 0) throw_errno("readlink('/proc/self/exe')");
  return {buffer, static_cast<size_t>(n)};
}

bool is_terminal(Stream stream) { return ::isatty(stream == Stream::out ? STDOUT_FILENO : STDERR_FILENO) == 1; }

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_ONSTACK;  // a signal may come while guest code has used up its stack; no SA_RESTART: waits return
  for (const int signal : {SIGINT, SIGTERM}) {
    if (::sigaction(signal, &action, nullptr) != 0) throw_errno("sigaction");
  }
  // A file-size limit then gives EFBIG and a message, as a full disk does, instead of a silent death.
  ::signal(SIGXFSZ, SIG_IGN);
}

void learn_how_children_end() {
  if (::signal(SIGCHLD, SIG_DFL) == SIG_ERR) throw_errno("signal(SIGCHLD)");
}

int interrupted() { return g_interrupted; }

int process_id() { return ::getpid(); }

}  // namespace instbench::os
