#include "runtime/os/compaction.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/os/child.hpp"
#include "runtime/os/error.hpp"
#include "runtime/os/fd.hpp"

namespace instbench::os {

Compaction::Compaction() {
  const Fd control{::open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC)};
  if (!control) throw_errno("open(/proc/sys/vm/compact_memory)");
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  if (child > 0) {
    child_ = std::make_unique<Child>(child, Child::Kill::alone);
    return;
  }
  // SAFETY: only calls that are async-signal-safe.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (::write(control.get(), "1", 1) == 1) {
  }
  ::_exit(1);
}

Compaction::~Compaction() = default;  // kills and reaps

}  // namespace instbench::os
