// What entering, leaving and the fault handler share: the chain of entries of each thread, and the switch itself.
// Private to guest*.cpp.
//
// Invariant: `innermost` is the entry whose code runs now, and its activation lies in a live frame of enter_guest,
// which alone pushes and pops the chain. So both ways out need nothing but the saved stack pointer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/os/guest.hpp"
#include "runtime/os/mapping.hpp"

// Without it everything compiles, and nothing below the public functions is ever reached.
#ifndef INSTBENCH_GUEST_CODE
#if defined(__x86_64__) && defined(__LP64__)
#define INSTBENCH_GUEST_CODE 1
#else
#define INSTBENCH_GUEST_CODE 0
#endif
#endif

namespace instbench::os::detail {

struct Activation {
  void* stack_pointer = nullptr;  // at offset 0: guest_switch.cpp writes and reads it there
  Activation* outer = nullptr;
  const FaultClaims* claims = nullptr;
};

struct GuestThread {
  Activation* innermost = nullptr;
  Range stack;  // headroom included; empty: none yet
  Range stack_guard;
};

// Constant-initialised and trivial: the signal handler may read it at any moment.
inline thread_local constinit GuestThread guest_thread;

// Installs the handlers, once per process. Throws std::system_error.
void install_fault_handlers();

// A stack for signal handlers, for this thread: a fault on a full guest stack has nowhere else to run. One that the
// thread already has stays.
class SignalStack {
 public:
  SignalStack();  // throws std::system_error
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  Mapping mapping_;  // empty when the thread has its own
};

extern "C" {
// Saves what a call preserves, calls entry(code, environment, values) on the stack that ends at `stack_top` (nullptr:
// goes on on this one) and returns 0, or what instbench_guest_leave was given for this activation.
uint32_t instbench_guest_enter(Activation* activation, void* stack_top, GuestEntry entry, void* code, void* environment,
                               void* values) noexcept;
[[noreturn]] void instbench_guest_leave(Activation* activation, uint32_t code) noexcept;
// As leave, from the middle of an instruction stream; the signal handler returns to it.
[[noreturn]] void instbench_guest_leave_after_fault(Activation* activation, uint32_t code) noexcept;
}

}  // namespace instbench::os::detail
