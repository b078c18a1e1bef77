#include "runtime/os/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "runtime/os/error.hpp"

namespace instbench::os {

std::string seconds_text(std::chrono::milliseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", static_cast<double>(time.count()) / 1000);
  return text;
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe2");
  return {Fd(ends[0]), Fd(ends[1])};
}

void set_nonblocking(const Fd& fd) {
  if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) throw_errno("fcntl(F_SETFL)");
}

void drain(Fd& fd, std::string& into, size_t limit, Keep keep) {
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return fd.close();
    const auto size = static_cast<size_t>(n);
    if (keep == Keep::first) {
      into.append(buffer, std::min(size, limit - into.size()));
    } else {
      into.append(buffer, size);
      if (into.size() > limit) into.erase(0, into.size() - limit);
    }
  }
}

Child::~Child() {
  if (reaped_) return;
  kill();
  wait(0);
}

void Child::kill() const { ::kill(target_, SIGKILL); }

void Child::ask_to_end(std::chrono::milliseconds grace) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + grace;
  ::kill(target_, SIGTERM);
  do {
    wait(WNOHANG);  // an unreaped leader would keep its group alive
    if (::kill(target_, 0) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  } while (Clock::now() < deadline);
}

bool Child::wait(int flags) {
  while (!reaped_) {
    const pid_t got = ::waitpid(pid_, &status_, flags);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) return false;
    reaped_ = true;  // ECHILD as well: someone set SIGCHLD to SIG_IGN, there is nothing left to reap
  }
  return true;
}

}  // namespace instbench::os
