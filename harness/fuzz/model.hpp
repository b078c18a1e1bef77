// The isolation model: random lives of instances in one pool, beside a plain model of what each must observe.
//
// Every instance has a twin made of vectors. Operations are drawn at random: instantiate one of six modules, write from
// the host and by guest code, fill a memory to its end, grow memory and table, set and clear table entries, write
// globals, link to a living instance and write through the link, call, trap, drop, evict (there are fewer slots than
// modules), have the kernel page out, age or make huge what an instance lives in, change what idle slots may keep, go on in another thread, fork; several threads may do all of that at
// once over slots that they share. Whatever an instance can observe is compared with its twin when it
// is made, now and then, and before it is dropped: every byte of its memories, the first byte beyond them, every table
// entry (whether it is null, and what a call of it answers), every global.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "runtime/instance/strategy.hpp"

namespace instbench::bench {

// A thread does so many operations, then another goes on.
inline constexpr uint64_t kOperationsPerThread = 20'000;

struct ModelOptions {
  Strategy strategy;
  uint64_t seed = 1;
  uint64_t operations = 100'000;  // of all threads together
  uint32_t threads = 1;
  bool fork = true;   // false where other threads run in this process
  std::function<void()> progress;  // after every kOperationsPerThread operations; what it throws ends the run
};

// What was done. Counts, except for `difference`.
struct ModelReport {
  uint64_t modules = 0;  // of which instances were made: those that the strategy takes
  uint64_t operations = 0;
  uint64_t instances = 0;
  uint64_t evictions = 0;
  uint64_t steals = 0;          // slots taken from another thread's cache
  uint64_t budget_changes = 0;
  uint64_t trimmed = 0;         // idle slots that gave their pages back for the budget
  uint64_t paged_out = 0;       // live memories that the kernel was asked to send out
  uint64_t aged = 0;            // likewise to regard as unused
  uint64_t collapses = 0;       // live memories that it made huge pages of
  uint64_t links = 0;
  uint64_t calls = 0;
  uint64_t traps = 0;
  uint64_t bytes_compared = 0;
  uint64_t thread_hops = 0;
  uint64_t forks = 0;
  // What an instance saw that it must not have, with seed and operation: the run ended there.
  std::optional<std::string> difference;
};

// Throws CodegenError or Unsupported where guest code or the strategy cannot be had.
ModelReport run_model(const ModelOptions& options);

}  // namespace instbench::bench
