#include "harness/engines/core/injection.hpp"

#include "runtime/os/counters.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {

ExtraWork::ExtraWork(Injection::Kind kind)
    : kind_(kind), pages_(kind == Injection::Kind::page ? std::make_unique<Pages>() : nullptr) {}

void ExtraWork::once() noexcept {
  if (kind_ == Injection::Kind::syscall)
    os::make_one_call();
  else
    os::copy_bytes(&pages_->to, &pages_->from, sizeof(Page));
}

}  // namespace instbench::bench
