// SIGSEGV and SIGBUS: a fault that the innermost entry claims resumes in the leave path, by way of the signal's own
// return (which restores the signal mask, sigreturn(2)); every other one is passed on as if we were not here.
#include <signal.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <utility>

#include "runtime/os/error.hpp"
#include "runtime/os/guest_state.hpp"

namespace instbench::os::detail {
namespace {

// What handled the signals before us; written before our handler is in place, never after.
struct sigaction g_before_segv;
struct sigaction g_before_bus;

bool in(Range range, const void* address) {
  return address >= range.base && address < range.end();  // unsigned comparisons: any address is welcome
}

bool in_claimed(const FaultClaims* claims, Range FaultClaims::*part, const void* address) {
  for (; claims != nullptr; claims = claims->next) {
    if (in(claims->*part, address)) return true;
  }
  return false;
}

// Sent by the kernel for an access, with a meaningful si_addr: neither by kill(2) and its kin (si_code <= 0) nor for a
// non-canonical address (SI_KERNEL, where si_addr is 0).
bool is_access_fault(const siginfo_t& info) { return info.si_code > 0 && info.si_code != SI_KERNEL; }

// Why the innermost entry is to end because of this fault; 0 when it does not claim it.
uint32_t claim(const siginfo_t& info, const void* pc) {
  const Activation* entry = guest_thread.innermost;
  if (entry == nullptr || !is_access_fault(info)) return 0;
  if (!in_claimed(entry->claims, &FaultClaims::code, pc)) return 0;
  if (in_claimed(entry->claims, &FaultClaims::memory, info.si_addr)) return kFaultInMemory;
  if (in(guest_thread.stack_guard, info.si_addr)) return kFaultInStackGuard;
  return 0;
}

#if INSTBENCH_GUEST_CODE
const void* pc_of(const ucontext_t& context) {
  return reinterpret_cast<const void*>(context.uc_mcontext.gregs[REG_RIP]);
}

// As if the faulting instruction had called the leave path. The stack pointer is set here already, so that a signal
// that arrives on the way there does not find one in the guard.
void resume_in_leave(ucontext_t& context, uint32_t why) {
  Activation* const entry = guest_thread.innermost;
  auto& registers = context.uc_mcontext.gregs;
  registers[REG_RIP] = reinterpret_cast<greg_t>(&instbench_guest_leave_after_fault);
  registers[REG_RSP] = reinterpret_cast<greg_t>(entry->stack_pointer);
  registers[REG_RDI] = reinterpret_cast<greg_t>(entry);
  registers[REG_RSI] = static_cast<greg_t>(why);
}
#else
const void* pc_of(const ucontext_t&) { return nullptr; }
void resume_in_leave(ucontext_t&, uint32_t) {}
#endif

// The default action: a fault happens again when the handler returns, and kills; what was sent is sent again (and
// arrives then: the handler runs with the signal blocked).
void die_of(int signal, const siginfo_t& info) {
  ::signal(signal, SIG_DFL);
  if (info.si_code <= 0 || info.si_code == SI_KERNEL) ::raise(signal);
}

// Calls `before` with the signal mask that it was installed with, which the kernel would have set (sigaction(2)).
void call_handler(const struct sigaction& before, int signal, siginfo_t* info, void* context) {
  sigset_t ours, blocked = before.sa_mask;
  if ((before.sa_flags & SA_NODEFER) == 0) sigaddset(&blocked, signal);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &ours);
  if ((before.sa_flags & SA_NODEFER) != 0) {
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  }
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(signal, info, context);
  } else {
    before.sa_handler(signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &ours, nullptr);
}

void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& before = signal == SIGSEGV ? g_before_segv : g_before_bus;
  const bool plain = (before.sa_flags & SA_SIGINFO) == 0;
  if (plain && before.sa_handler == SIG_IGN && info->si_code <= 0) return;  // only what was sent can be ignored
  if (plain && (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN)) return die_of(signal, *info);
  call_handler(before, signal, info, context);
}

void on_fault(int signal, siginfo_t* info, void* context) {
  auto& interrupted = *static_cast<ucontext_t*>(context);
  if (const uint32_t why = claim(*info, pc_of(interrupted)); why != 0) return resume_in_leave(interrupted, why);
  const int error = errno;
  pass_on(signal, info, context);
  errno = error;
}

void install(int signal, struct sigaction& before) {
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  if (::sigaction(signal, nullptr, &before) != 0) throw_errno("sigaction(read)");
  if (::sigaction(signal, &action, nullptr) != 0) throw_errno("sigaction(SIGSEGV or SIGBUS)");
}

constexpr size_t kSignalStackBytes = 64 << 10;  // for the handlers we pass faults on to, more than for ours

}  // namespace

void install_fault_handlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    install(SIGSEGV, g_before_segv);
    install(SIGBUS, g_before_bus);
  });
}

SignalStack::SignalStack() {
  stack_t before = {};
  if (::sigaltstack(nullptr, &before) != 0) throw_errno("sigaltstack(read)");
  if ((before.ss_flags & SS_DISABLE) == 0) return;
  // The kernel saves all vector registers there: how much that is, it says itself (getauxval(3), Linux 5.14).
  const size_t bytes = kSignalStackBytes + round_up(::getauxval(AT_MINSIGSTKSZ), kPageBytes);
  Mapping mapping = Mapping::reserve(kPageBytes + bytes, kPageBytes);  // its lowest page stays inaccessible
  // SAFETY: inside our own reservation, which nobody has seen yet.
  const Range usable = mapping.range().from(kPageBytes);
  protect(usable, Access::read_write);
  stack_t stack = {};
  stack.ss_sp = usable.base;
  stack.ss_size = usable.bytes;
  if (::sigaltstack(&stack, nullptr) != 0) throw_errno("sigaltstack(len=" + std::to_string(bytes) + ")");
  mapping_ = std::move(mapping);
}

SignalStack::~SignalStack() {
  if (!mapping_) return;
  stack_t current = {};
  ::sigaltstack(nullptr, &current);
  // Someone may have put another in its place since.
  if (current.ss_sp != mapping_.range().base + kPageBytes) return;
  stack_t off = {};
  off.ss_flags = SS_DISABLE;
  ::sigaltstack(&off, nullptr);
}

}  // namespace instbench::os::detail
