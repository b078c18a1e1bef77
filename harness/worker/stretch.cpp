#include "harness/worker/stretch.hpp"

#include "runtime/os/usage.hpp"

namespace instbench::bench {

void stretch(uint64_t begin_ns, double share) noexcept {
  const uint64_t now = os::now_ns();
  const uint64_t end = now + static_cast<uint64_t>(static_cast<double>(now - begin_ns) * share);
  while (os::now_ns() < end) {
  }
}

}  // namespace instbench::bench
