#include "runtime/os/fd.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace instbench::os {

void Fd::close() noexcept {
  if (number_ < 0) return;
  // Linux closes the descriptor even when it reports EINTR or EIO (close(2)); only EBADF is our bug.
  if (::close(number_) != 0 && errno == EBADF) {
    std::fprintf(stderr, "close(%d): not an open descriptor\n", number_);
    std::abort();
  }
  number_ = -1;
}

}  // namespace instbench::os
