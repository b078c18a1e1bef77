// A part of what is timed, in a turn of its own: company, warm caches, and what disturbed it.
#pragma once

#include <atomic>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

#include "harness/protocol/cell.hpp"
#include "harness/worker/cell.hpp"
#include "runtime/os/turns.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {

// The threads that run beside the measured one. Bystanders do nothing but keep other CPUs in this address space, so that
// giving pages back must tell them; the cell's other threads go through cycles of their own.
class Company {
 public:
  // Returns when all of them are at it.
  Company(Cell& cell, const Case& conditions);
  ~Company();
  Company(const Company&) = delete;
  Company& operator=(const Company&) = delete;

  // Ends them. What the first of them that failed threw; null: none did.
  std::exception_ptr leave() noexcept;
  uint64_t cycles() const;  // that the cell's other threads have finished

 private:
  struct alignas(64) Count {
    std::atomic<uint64_t> cycles{0};
  };
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> begun_{0};
  std::vector<Count> counts_;                 // by thread
  std::vector<std::exception_ptr> failures_;  // likewise
  std::vector<std::thread> threads_;
};

// What the parts of a pass share.
struct Parts {
  os::Turns& turns;
  const Case& conditions;
  std::optional<os::Interference> noise = {};  // of all parts that have ended
};

class Part {
 public:
  // Waits for this process's next turn. Where another process has had the processor meanwhile, an eighth of the part's
  // `cycles` are done first, at least one.
  Part(Parts& parts, Cell& cell, uint64_t cycles);
  // Ends the part. Throws what another thread of the cell threw.
  void end();

 private:
  Parts& parts_;
  Company company_;
  os::Interference before_;
};

}  // namespace instbench::bench
