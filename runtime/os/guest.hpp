// Running code that may trap: a stack of its own, one way in, and three ways out (return, leave, fault).
//
// Each thread that enters guest code has one guest stack: [64 MiB PROT_NONE | headroom | stack]. Code compiled without
// stack probes can step over a small guard; it cannot step over one larger than any frame it may have. Entering saves
// the callee-saved registers and the stack pointer, switches stacks and calls; leaving restores them. There is no
// system call in it, no setjmp and no unwinder, so no frame with anything to destroy may lie between the two: a host
// function called by the guest returns before the guest's own code leaves. A fault inside the ranges that the innermost
// entry claims becomes a leave; every other fault goes to whoever handled it before. Threads: all state is the calling
// thread's own and is released when it ends; only the signal handlers are the process's. x86-64 only:
// guest_code_supported() says so elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/os/features.hpp"
#include "runtime/os/mapping.hpp"

namespace instbench::os {

inline constexpr size_t kGuestStackBytes = size_t{8} << 20;
inline constexpr size_t kGuestStackGuardBytes = size_t{64} << 20;  // PROT_NONE below it
// Between the limit that guest code checks and the guard: what a host function called from guest code may use.
inline constexpr size_t kGuestStackHeadroomBytes = size_t{256} << 10;

const Support& guest_code_supported();

// What a fault must match to be claimed: an instruction in `code` of any link of the chain, and an address in `memory`
// of any link or in the stack's guard. Must outlive the entry and not change during it.
struct FaultClaims {
  Range code;
  Range memory;
  const FaultClaims* next = nullptr;
};

// What enter_guest returns when a claimed fault ended it; codes given to leave_guest must be smaller, and not 0.
inline constexpr uint32_t kFaultInMemory = 0xffff'0001;
inline constexpr uint32_t kFaultInStackGuard = 0xffff'0002;

using GuestEntry = void (*)(void* code, void* environment, void* values);

// The lowest address a frame of this thread's guest stack may begin at. Its first call on a thread makes the stack and
// the signal stack (counted mappings: call it before what is timed), its first in the process installs the SIGSEGV and
// SIGBUS handlers. Throws std::system_error, also where guest code is not supported.
std::byte* guest_stack_limit();

// Calls entry(code, environment, values) on the guest stack; nested entries (a host function that calls back) go on
// where the stack is. 0 when it returned, else why it did not. Callee-saved registers and the floating-point control
// words are then what they were. REQUIRES: guest_stack_limit() was called on this thread. COST: no system call (a
// claimed fault costs the signal).
uint32_t enter_guest(GuestEntry entry, void* code, void* environment, void* values, const FaultClaims& claims) noexcept;

// Ends the innermost entry of this thread, which returns `code`. REQUIRES: in_guest(), and nothing to destroy in the
// frames since that entry: in practice, guest code calls this directly.
[[noreturn]] void leave_guest(uint32_t code) noexcept;

// Whether this thread is inside an entry.
bool in_guest() noexcept;

}  // namespace instbench::os
