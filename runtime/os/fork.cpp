#include "runtime/os/fork.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>

#include "runtime/os/child.hpp"
#include "runtime/os/error.hpp"
#include "runtime/os/process.hpp"

namespace instbench::os {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxReport = 64 << 10;

// What the child reports: the first byte, then what() of its exception. A child that ends without a report called
// exit() or was killed, whatever its exit code.
constexpr std::string_view kReturned = "+", kThrew = "-";

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;  // nobody listens any more
    text.remove_prefix(static_cast<size_t>(n));
  }
}

// The parent's temporary files and buffers are the parent's: a body that calls exit() must not run its exit handlers.
// The last one registered runs first (on_exit(3)).
void skip_exit_handlers(int status, void*) {
  std::fflush(nullptr);
  ::_exit(status);
}

[[noreturn]] void be_child(const std::function<void()>& body, int report, int err, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // the parent died before prctl(2) could see it
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::dup2(err, STDERR_FILENO);
  ::on_exit(skip_exit_handlers, nullptr);
  int status = 1;
  try {
    body();
    status = 0;
    write_all(report, kReturned);
  } catch (const std::exception& error) {
    write_all(report, std::string(kThrew) + error.what());
  } catch (...) {
    write_all(report, std::string(kThrew) + "an exception without a message");
  }
  std::fflush(nullptr);
  ::_exit(status);
}

struct Streams {
  Fd report, err, exited;
};

// One round of waiting; returns after at most kChildSliceMs. poll(2) ignores negative descriptors.
void pump(Streams& streams, std::string& report, std::string& err) {
  pollfd polled[] = {
      {streams.report.get(), POLLIN, 0}, {streams.err.get(), POLLIN, 0}, {streams.exited.get(), POLLIN, 0}};
  if (::poll(polled, std::size(polled), kChildSliceMs) <= 0) return;
  if (polled[0].revents != 0) drain(streams.report, report, kMaxReport, Keep::first);
  if (polled[1].revents != 0) drain(streams.err, err, kMaxChildError, Keep::last);
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);  // glibc 2.32
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

// Standard error as the tail of a one-line message.
std::string last_words(const std::string& err) {
  std::string line;
  for (const char c : err) line += c == '\n' ? ' ' : c;
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line.empty() ? "" : ": " + line;
}

void judge(ForkResult& result, const std::string& report, int status, std::chrono::milliseconds timeout) {
  const bool exited = WIFEXITED(status);
  result.ok = exited && WEXITSTATUS(status) == 0 && report == kReturned;
  if (result.ok) {
    result.timed_out = result.interrupted = false;  // it was done before our signal came
  } else if (result.interrupted) {
    result.message = "interrupted";
  } else if (result.timed_out) {
    result.message = "killed after " + seconds_text(timeout) + ", its time limit" + last_words(result.err);
  } else if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
    result.message =
        "killed by " + signal_name(*result.signal) + " (" + ::strsignal(*result.signal) + ")" + last_words(result.err);
  } else if (report.compare(0, kThrew.size(), kThrew) == 0) {
    result.message = report.substr(kThrew.size());
  } else {
    result.message =
        "exited with code " + std::to_string(WEXITSTATUS(status)) + " before it was done" + last_words(result.err);
  }
}

}  // namespace

ForkResult run_forked(const std::function<void()>& body, std::chrono::milliseconds timeout) {
  Pipe report = make_pipe(), err = make_pipe();
  for (const Fd* fd : {&report.read, &err.read}) set_nonblocking(*fd);
  std::fflush(nullptr);  // what is buffered now would be written twice
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) be_child(body, report.write.get(), err.write.get(), parent);
  Child child(pid, Child::Kill::alone);
  report.write.close();
  err.write.close();

  // pidfd_open(2), Linux 5.3; without it an exit is noticed by the streams' end or within a slice.
  Streams streams{std::move(report.read), std::move(err.read), Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))};
  ForkResult result;
  std::string told;
  const auto deadline = Clock::now() + timeout;
  while (!child.wait(WNOHANG)) {
    result.interrupted = interrupted() != 0;
    result.timed_out = !result.interrupted && Clock::now() >= deadline;
    if (result.interrupted || result.timed_out) {
      child.kill();
      child.wait(0);
      break;
    }
    pump(streams, told, result.err);
  }
  if (streams.report) drain(streams.report, told, kMaxReport, Keep::first);
  if (streams.err) drain(streams.err, result.err, kMaxChildError, Keep::last);
  judge(result, told, child.status(), timeout);
  return result;
}

}  // namespace instbench::os
