#include "runtime/os/guest.hpp"

#include <sys/mman.h>
#include <sys/utsname.h>

#include <cerrno>

#include "runtime/os/error.hpp"
#include "runtime/os/guest_state.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define INSTBENCH_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define INSTBENCH_ASAN 1
#endif
#ifdef INSTBENCH_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace instbench::os {
namespace {

using detail::Activation;
using detail::guest_thread;

#if INSTBENCH_GUEST_CODE
// rdssp is a NOP that leaves its operand alone unless this thread has a shadow stack (Intel SDM, "RDSSPQ").
bool has_shadow_stack() {
  uint64_t pointer = 0;
  asm volatile("rdsspq %0" : "+r"(pointer));
  return pointer != 0;
}

Support probe() {
  if (has_shadow_stack()) {
    return {false,
            "leaving guest code skips return addresses, and this process has a shadow stack: unset "
            "glibc.cpu.x86_shstk in GLIBC_TUNABLES"};
  }
  return {true, ""};
}
#else
Support probe() {
  struct utsname name {};
  ::uname(&name);
  return {false, std::string("guest code runs on x86-64 only; this is ") + name.machine};
}
#endif

// This thread's stack; lives until the thread ends.
class GuestStack {
 public:
  GuestStack()
      : mapping_(Mapping::reserve(kGuestStackGuardBytes + kGuestStackHeadroomBytes + kGuestStackBytes, kPageBytes)) {
    // SAFETY: inside our own reservation, which nobody has seen yet.
    const Range usable = mapping_.range().from(kGuestStackGuardBytes);
    protect(usable, Access::read_write);
    // A hint, not counted: a deep call is to cost its own pages, whatever the system's THP policy says.
    static_cast<void>(::madvise(usable.base, usable.bytes, MADV_NOHUGEPAGE));
    guest_thread.stack_guard = mapping_.range().sub(0, kGuestStackGuardBytes);
    guest_thread.stack = usable;
  }
  ~GuestStack() { guest_thread = {}; }
  GuestStack(const GuestStack&) = delete;
  GuestStack& operator=(const GuestStack&) = delete;

 private:
  detail::SignalStack signal_stack_;
  Mapping mapping_;
};

// Tells AddressSanitizer where the stack is: after a throw it clears its marks up to the stack's end, and without this
// it would take the wrong end for a host function that throws and catches. Nothing in other builds.
class StackSwitch {
 public:
#ifdef INSTBENCH_ASAN
  explicit StackSwitch(Range to) : switches_(!to.empty()) {
    if (!switches_) return;
    __sanitizer_start_switch_fiber(&fake_stack_, to.base, to.bytes);
    __sanitizer_finish_switch_fiber(nullptr, &bottom_, &bytes_);
  }
  ~StackSwitch() {
    if (!switches_) return;
    __sanitizer_start_switch_fiber(nullptr, bottom_, bytes_);
    __sanitizer_finish_switch_fiber(fake_stack_, nullptr, nullptr);
  }
  StackSwitch(const StackSwitch&) = delete;
  StackSwitch& operator=(const StackSwitch&) = delete;

 private:
  bool switches_;
  void* fake_stack_ = nullptr;
  const void* bottom_ = nullptr;
  size_t bytes_ = 0;
#else
  explicit StackSwitch(Range) {}
#endif
};

}  // namespace

const Support& guest_code_supported() {
  static const Support support = probe();
  return support;
}

std::byte* guest_stack_limit() {
  if (guest_thread.stack.empty()) {
    const Support& support = guest_code_supported();
    if (!support.ok) throw_error(ENOTSUP, support.why_not);
    detail::install_fault_handlers();
    thread_local const GuestStack stack;
  }
  return guest_thread.stack.base + kGuestStackHeadroomBytes;
}

uint32_t enter_guest(GuestEntry entry, void* code, void* environment, void* values,
                     const FaultClaims& claims) noexcept {
  INSTBENCH_ASSERT(!guest_thread.stack.empty());
  Activation activation{nullptr, guest_thread.innermost, &claims};
  const Range new_stack = activation.outer == nullptr ? guest_thread.stack : Range{};
  [[maybe_unused]] const StackSwitch announced(new_stack);
  guest_thread.innermost = &activation;
  const uint32_t why = detail::instbench_guest_enter(&activation, new_stack.end(), entry, code, environment, values);
  guest_thread.innermost = activation.outer;
  return why;
}

// Not instrumented: its frame never returns; ThreadSanitizer would wait for its end, AddressSanitizer clear marks.
__attribute__((no_sanitize("address", "thread"))) void leave_guest(uint32_t code) noexcept {
  INSTBENCH_ASSERT(in_guest() && code != 0 && code < kFaultInMemory);
  detail::instbench_guest_leave(guest_thread.innermost, code);
}

bool in_guest() noexcept { return guest_thread.innermost != nullptr; }

}  // namespace instbench::os
