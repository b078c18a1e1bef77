#include "runtime/os/compaction.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/os/error.hpp"
#include "runtime/os/fd.hpp"

namespace instbench::os {

Compaction::Compaction() {
  const Fd control{::open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC)};
  if (!control) throw_errno("open(/proc/sys/vm/compact_memory)");
  child_ = ::fork();
  if (child_ < 0) throw_errno("fork");
  if (child_ > 0) return;
  // SAFETY: only calls that are async-signal-safe.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (::write(control.get(), "1", 1) == 1) {
  }
  ::_exit(1);
}

Compaction::~Compaction() {
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

}  // namespace instbench::os
