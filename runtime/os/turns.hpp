// Turns: processes that run one at a time, so that what disturbs the machine for longer than a turn disturbs them alike.
// They stand in a ring of pipes and pass a token round: who has it runs, the others sleep in poll(2).
#pragma once

#include <chrono>
#include <vector>

#include "runtime/os/fd.hpp"

namespace instbench::os {

// What one process of the ring is given. The read end of the pipe from the process before it, the write end of the one
// to the process behind it.
struct TurnEnds {
  Fd take, give;
};
// A ring of `processes`, whose token lies before the first. Whoever makes it must not keep an end: a process that ends
// sets the one behind it free by closing its end.
std::vector<TurnEnds> make_turns(size_t processes);

enum class Share : uint8_t { nothing, cpu };

class Turns {
 public:
  Turns() = default;  // alone: take() and give() do nothing
  // With Share::cpu all processes of the ring stay, from their first take() on, on the CPU on which the first was then:
  // the calling thread, and those that it makes later (sched_setaffinity(2)). SIGPIPE is ignored from here on.
  Turns(TurnEnds ends, std::chrono::milliseconds patience, Share share);

  // Waits for the token; returns at once when the process before this one has ended. Throws std::runtime_error when
  // `patience` has passed, or when the ends are no open descriptors here.
  void take();
  void give() noexcept;  // nothing where this process has no token, since its wait failed
  // Ends this turn and waits for the next. Between two of them a process does nothing, so nothing runs beside another's
  // turn but its way into sleep.
  void next() {
    give();
    take();
  }
  bool alone() const { return !ends_.take; }

 private:
  TurnEnds ends_;
  std::chrono::milliseconds patience_{};
  Share share_ = Share::nothing;
  int cpu_ = -1;  // the token: the CPU that is shared; -1: none
  bool held_ = false, placed_ = false;
};

// From its first turn to its last: this process has the token, but for the waits of next().
class InTurns {
 public:
  explicit InTurns(Turns& turns) : turns_(turns) { turns_.take(); }
  ~InTurns() { turns_.give(); }
  InTurns(const InTurns&) = delete;
  InTurns& operator=(const InTurns&) = delete;

 private:
  Turns& turns_;
};

}  // namespace instbench::os
