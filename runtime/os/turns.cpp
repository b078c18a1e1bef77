#include "runtime/os/turns.hpp"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>

#include "runtime/os/child.hpp"
#include "runtime/os/error.hpp"

namespace instbench::os {
namespace {

using Clock = std::chrono::steady_clock;

// A token is one write of a pipe, so it is whole or not there (pipe(7), PIPE_BUF).
void put(const Fd& fd, int token) noexcept {
  while (::write(fd.get(), &token, sizeof token) < 0 && errno == EINTR) {
  }
}

bool wait_readable(const Fd& fd, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd polled{fd.get(), POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&polled, 1, static_cast<int>(left.count())) : 0;
    if (ready > 0 && (polled.revents & POLLNVAL) != 0)
      throw std::runtime_error("the descriptors of its turns were not inherited: does something between close them?");
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) throw_errno("poll");
  }
}

void stay_on(int cpu) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  ::sched_setaffinity(0, sizeof set, &set);  // refused: the kernel goes on choosing
}

}  // namespace

std::vector<TurnEnds> make_turns(size_t processes) {
  std::vector<TurnEnds> ring(processes);
  for (size_t i = 0; i < processes; ++i) {
    Pipe pipe = make_pipe();
    ring[(i + 1) % processes].take = std::move(pipe.read);
    ring[i].give = std::move(pipe.write);
  }
  if (processes != 0) put(ring.back().give, -1);
  return ring;
}

Turns::Turns(TurnEnds ends, std::chrono::milliseconds patience, Share share)
    : ends_(std::move(ends)), patience_(patience), share_(share) {
  ::signal(SIGPIPE, SIG_IGN);  // the process behind may end first
}

void Turns::take() {
  if (!ends_.take) return;
  if (!wait_readable(ends_.take, patience_))
    throw std::runtime_error("waited " + seconds_text(patience_) + " for another process of its block to end its turn");
  int token = -1;
  if (::read(ends_.take.get(), &token, sizeof token) != sizeof token)
    ends_.take.close();  // the one before this has ended
  else
    cpu_ = token;
  held_ = true;
  if (share_ == Share::nothing || placed_) return;
  if (cpu_ < 0) cpu_ = ::sched_getcpu();
  if (cpu_ >= 0 && cpu_ < CPU_SETSIZE) stay_on(cpu_);
  placed_ = true;
}

void Turns::give() noexcept {
  if (!held_) return;
  put(ends_.give, cpu_);
  held_ = false;
}

}  // namespace instbench::os
