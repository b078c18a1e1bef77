// What every way of running a child process shares: pipes, and an owner that always kills and reaps.
// Private to process.cpp, fork.cpp, turns.cpp and compaction.cpp.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <string>

#include "runtime/os/fd.hpp"

namespace instbench::os {

inline constexpr size_t kMaxChildError = 8 << 10;  // of standard error, its end: where the reason is
inline constexpr int kChildSliceMs = 50;           // how late an interruption or an exit without EOF can be noticed

std::string seconds_text(std::chrono::milliseconds time);  // "0.05 s", for messages

struct Pipe {
  Fd read, write;
};
Pipe make_pipe();  // closed on exec
void set_nonblocking(const Fd& fd);

// Moves what is ready; closes `fd` at the end of the stream. Keeps the first or the last `limit` bytes.
enum class Keep { first, last };
void drain(Fd& fd, std::string& into, size_t limit, Keep keep);

// Owns a started child until it is reaped. `group`: it leads a process group, and killing reaches all of it.
class Child {
 public:
  enum class Kill { alone, group };

  Child(pid_t pid, Kill kill) : pid_(pid), target_(kill == Kill::group ? -pid : pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();  // kills and reaps

  void kill() const;
  // SIGTERM, then waits until the child, and with Kill::group all of its group, has ended or `grace` is over.
  void ask_to_end(std::chrono::milliseconds grace);
  bool wait(int flags);  // waitpid(2); true when it has ended, whoever reaped it
  int status() const { return status_; }

 private:
  pid_t pid_;
  pid_t target_;
  int status_ = 0;
  bool reaped_ = false;
};

}  // namespace instbench::os
