#include "harness/worker/injection.hpp"

#include "runtime/os/counters.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {

void stretch(uint64_t begin_ns, double share) noexcept {
  const uint64_t now = os::now_ns();
  const uint64_t end = now + static_cast<uint64_t>(static_cast<double>(now - begin_ns) * share);
  while (os::now_ns() < end) {
  }
}

ExtraWork::ExtraWork(Injection::Kind kind)
    : kind_(kind), pages_(kind == Injection::Kind::page ? std::make_unique<Pages>() : nullptr) {}

void ExtraWork::once() noexcept {
  if (kind_ == Injection::Kind::syscall)
    os::make_one_call();
  else
    os::copy_bytes(&pages_->to, &pages_->from, sizeof(Page));
}

}  // namespace instbench::bench
