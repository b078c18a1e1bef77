// Work that may abort, exit, hang or crash, in a copy of this process: it costs an answer and not the caller.
// (wabt's wasm2c writer aborts on what it cannot translate.)
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace instbench::os {

struct ForkResult {
  bool ok = false;            // the body returned
  std::string message;        // else why not: its exception's what(), or one line about how it ended and its last words
  std::string err;            // standard error, its last 8 KiB
  std::optional<int> signal;  // when a signal killed it that was not ours
  bool timed_out = false;     // killed by us after `timeout`
  bool interrupted = false;   // killed by us because interrupted() became true
};

// Runs `body` in a forked child and waits for it. What it changes in memory is lost; what it writes to files stays. The
// child writes no core file, runs none of this process's exit handlers, dies with its parent (PR_SET_PDEATHSIG), is
// killed on time-out or interruption, and is always reaped. Throws std::system_error when it cannot be started.
// REQUIRES: no other thread runs in this process.
ForkResult run_forked(const std::function<void()>& body, std::chrono::milliseconds timeout);

}  // namespace instbench::os
