// Child processes: one request in, one answer out, never a zombie.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace instbench::os {

struct ChildResult {
  std::string out;                // standard output, whole
  std::string err;                // standard error, its last 8 KiB
  int exit_code = 0;              // when it exited
  std::optional<int> signal;      // when it was killed by a signal
  bool timed_out = false;         // killed by us after `timeout`
  bool interrupted = false;       // killed by us because interrupted() became true
};

// How a child is stopped. at_once: SIGKILL to its group. gently: SIGTERM to its group, five seconds for the group to
// end, then SIGKILL: for build tools, whose compilers run in groups of their own and end only with the tool's help.
enum class Stop : uint8_t { at_once, gently };

struct ChildOptions {
  Stop stop = Stop::at_once;
  std::vector<int> inherited = {};  // descriptors that it has under the same numbers, though they are closed on exec here
  // Also what the child starts ends with this process, even by SIGKILL: of compilers, whose drivers start the real ones.
  bool helpers_die_too = false;
  bool huge_pages = true;           // false: transparent huge pages are off in it and its children (PR_SET_THP_DISABLE)
};

// Runs argv[0] with `input` on standard input and waits for it. The child is in its own process group,
// is stopped with its group on time-out or interruption, dies with its parent (PR_SET_PDEATHSIG), and is
// always reaped. Throws std::system_error when it cannot be started (the message names argv[0]).
ChildResult run_child(const std::vector<std::string>& argv, const std::string& input, std::chrono::milliseconds timeout,
                      const ChildOptions& options = {});

// Replaces this process by argv[0] (searched in PATH). Returns only by throwing std::system_error.
[[noreturn]] void exec(const std::vector<std::string>& argv);

// One counted system call that changes nothing (getppid: it takes no lock and cannot fail), for slowdowns of known size.
void make_one_call() noexcept;

// The path of the running executable (/proc/self/exe).
std::string self_path();

// Whether a person watches this stream.
enum class Stream { out, err };
bool is_terminal(Stream stream);

// SIGINT and SIGTERM set a flag from here on instead of killing the process; one that comes more than a second after
// the first kills it.
// Writes beyond a file size limit fail (EFBIG) from here on instead of killing the process.
void catch_interrupts();
// 0, or the signal that came (SIGINT, SIGTERM).
int interrupted();

// SIGCHLD as it is by default. Where whoever started this process had it ignored, no child's end could be told.
void learn_how_children_end();

int process_id();  // of this process: what a profiler attaches to

}  // namespace instbench::os
