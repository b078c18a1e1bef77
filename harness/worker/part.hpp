// A part of what is timed, in a turn of its own: bystanders, warm caches, and what disturbed it.
#pragma once

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "harness/worker/cell.hpp"
#include "runtime/os/turns.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {

// Threads that keep other CPUs in this address space, so that giving pages back must tell them.
class Bystanders {
 public:
  explicit Bystanders(uint64_t count);
  ~Bystanders();
  Bystanders(const Bystanders&) = delete;
  Bystanders& operator=(const Bystanders&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

// What the parts of a pass share.
struct Parts {
  os::Turns& turns;
  uint64_t bystanders = 0;
  std::optional<os::Interference> noise;  // of all parts that have ended
};

class Part {
 public:
  // Waits for this process's next turn. Where another process has had the processor meanwhile, an eighth of the part's `cycles` are done first, at least one.
  Part(Parts& parts, Cell& cell, uint64_t cycles);
  ~Part();
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

 private:
  Parts& parts_;
  Bystanders bystanders_;
  os::Interference before_;
};

}  // namespace instbench::bench
