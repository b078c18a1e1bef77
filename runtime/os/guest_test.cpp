#include "runtime/os/guest.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cfenv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "runtime/os/counters.hpp"
#include "runtime/os/fork.hpp"
#include "runtime/os/trace.hpp"

// Functions that play the guest must not be instrumented: real guest code is not, and a sanitizer would wait for the
// ends of frames that are left.
#define GUEST __attribute__((no_sanitize("address", "thread", "undefined"), noinline))

namespace instbench::os {
namespace {

constexpr uint32_t kCode = 7;
const FaultClaims kNothing{};

class Guest : public testing::Test {
  void SetUp() override {
    if (!guest_code_supported().ok) GTEST_SKIP() << guest_code_supported().why_not;
    ASSERT_NE(guest_stack_limit(), nullptr);
  }
};

// Machine code in a page of its own, which can be claimed.
class CodePage {
 public:
  CodePage(std::initializer_list<unsigned char> bytes) : mapping_(Mapping::reserve(kPageBytes, kPageBytes)) {
    protect(mapping_.range(), Access::read_write);
    std::memcpy(mapping_.range().base, bytes.begin(), bytes.size());
    if (::mprotect(mapping_.range().base, kPageBytes, PROT_READ | PROT_EXEC) != 0) throw std::runtime_error("mprotect");
  }
  GuestEntry entry() const { return reinterpret_cast<GuestEntry>(mapping_.range().base); }
  Range range() const { return mapping_.range(); }

 private:
  Mapping mapping_;
};

CodePage store_code() { return {0xc6, 0x06, 0x01, 0xc3}; }          // movb $1, (%rsi); ret
CodePage endless_code() { return {0xe8, 0xfb, 0xff, 0xff, 0xff}; }  // self: call self
CodePage skipping_code(uint32_t frame) {                            // self: sub $frame, %rsp; call self
  const auto byte = [&](int i) { return static_cast<unsigned char>(frame >> (8 * i)); };
  return {0x48, 0x81, 0xec, byte(0), byte(1), byte(2), byte(3), 0xe8, 0xf4, 0xff, 0xff, 0xff};
}

// An address nobody can write, and a claim for it by `code`.
struct Trapdoor {
  explicit Trapdoor(const CodePage& page) : code(page), claims{page.range(), memory.range()} {}
  uint32_t fall() const { return enter_guest(code.entry(), nullptr, memory.range().base + 100, nullptr, claims); }

  const CodePage& code;
  Mapping memory = Mapping::reserve(kPageBytes, kPageBytes);
  FaultClaims claims;
};

GUEST void add(void* code, void* environment, void* values) {
  auto* numbers = static_cast<uint64_t*>(values);
  numbers[2] = numbers[0] + numbers[1] + *static_cast<uint64_t*>(code) + *static_cast<uint64_t*>(environment);
}

TEST_F(Guest, ValuesArriveAndReturn) {
  uint64_t code = 1000, environment = 200, values[3] = {30, 4, 0};
  EXPECT_EQ(enter_guest(add, &code, &environment, values, kNothing), 0u);
  EXPECT_EQ(values[2], 1234u);
}

struct Seen {
  std::set<uintptr_t> frames;
  uintptr_t frame = 0;
  bool inside = false;
};

GUEST void look(void*, void*, void* values) {
  auto* seen = static_cast<Seen*>(values);
  seen->frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  seen->inside = in_guest();
}

TEST_F(Guest, RunsAtTheTopOfItsOwnStack) {
  Seen seen;
  EXPECT_FALSE(in_guest());
  enter_guest(look, nullptr, nullptr, &seen, kNothing);
  EXPECT_FALSE(in_guest());
  EXPECT_TRUE(seen.inside);
  const auto limit = reinterpret_cast<uintptr_t>(guest_stack_limit());
  EXPECT_GT(seen.frame, limit + kGuestStackBytes - kPageBytes);
  EXPECT_LT(seen.frame, limit + kGuestStackBytes);
  EXPECT_EQ(seen.frame % 16, 0u) << "a frame pointer lies 16 bytes below an aligned stack pointer";
}

// No tail call: each level keeps a frame.
GUEST void leave_at_depth(uint64_t depth, uint32_t code) {
  char frame[64];
  if (depth == 0 && code != 0) leave_guest(code);
  if (depth != 0) leave_at_depth(depth - 1, code);
  asm volatile("" : : "r"(frame) : "memory");
}

GUEST void deep(void*, void*, void* values) {
  auto* seen = static_cast<Seen*>(values);
  seen->frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  leave_at_depth(100, kCode);
}

TEST_F(Guest, LeavesFromDeepRecursionTenThousandTimesOnTheSameStack) {
  Seen seen;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(enter_guest(deep, nullptr, nullptr, &seen, kNothing), kCode);
    ASSERT_FALSE(in_guest());
    seen.frames.insert(seen.frame);
  }
  EXPECT_EQ(seen.frames.size(), 1u);
}

GUEST void leave_now(void*, void*, void* values) { leave_guest(*static_cast<uint32_t*>(values)); }

// The guest calls the host, which enters again, returns, and lets the outer guest go on.
struct Callback {
  uint32_t inner_code = 0;
  uint32_t inner_result = 0;
  bool inside_afterwards = false;
  uintptr_t outer_frame = 0, inner_frame = 0;
};

void host(Callback& callback) {
  Seen seen;
  enter_guest(look, nullptr, nullptr, &seen, kNothing);
  callback.inner_frame = seen.frame;
  callback.inner_result = enter_guest(leave_now, nullptr, nullptr, &callback.inner_code, kNothing);
  callback.inside_afterwards = in_guest();
}

GUEST void call_host(void*, void* environment, void* values) {
  auto* callback = static_cast<Callback*>(values);
  callback->outer_frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  host(*callback);
  if (environment != nullptr) leave_guest(kCode);
}

TEST_F(Guest, AnInnerLeaveEndsTheInnerEntryOnly) {
  Callback callback{.inner_code = 3};
  EXPECT_EQ(enter_guest(call_host, nullptr, nullptr, &callback, kNothing), 0u) << "the outer one returned";
  EXPECT_EQ(callback.inner_result, 3u);
  EXPECT_TRUE(callback.inside_afterwards);
  EXPECT_LT(callback.inner_frame, callback.outer_frame) << "on the same stack, below";
  EXPECT_GT(callback.inner_frame, callback.outer_frame - 65536);
  EXPECT_EQ(callback.inner_frame % 16, 0u);
  EXPECT_EQ(enter_guest(call_host, nullptr, &callback, &callback, kNothing), kCode) << "and may leave in its turn";
  EXPECT_FALSE(in_guest());
}

void throw_and_catch(int depth) {
  volatile char frame[100] = {};
  if (depth == 0) throw std::runtime_error("for the host itself");
  throw_and_catch(depth - 1 + frame[0]);
}

GUEST void call_throwing_host(void*, void*, void* values) {
  try {
    throw_and_catch(10);
  } catch (const std::runtime_error&) {
    *static_cast<bool*>(values) = true;
  }
  leave_guest(kCode);
}

TEST_F(Guest, AHostFunctionMayThrowWithinItself) {
  const auto body = [] {
    bool caught = false;
    const uint32_t why = enter_guest(call_throwing_host, nullptr, nullptr, &caught, kNothing);
    if (!caught || why != kCode) throw std::runtime_error("caught: " + std::to_string(caught));
  };
  const ForkResult result = run_forked(body, std::chrono::minutes(1));
  EXPECT_TRUE(result.ok) << result.message;
  EXPECT_EQ(result.err, "") << "a sanitizer lost its way";
}

TEST_F(Guest, AClaimedFaultIsALeaveTenThousandTimes) {
  const CodePage code = store_code();
  const Trapdoor trapdoor(code);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(trapdoor.fall(), kFaultInMemory);
  EXPECT_FALSE(in_guest());
  sigset_t blocked;
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, nullptr, &blocked), 0);
  EXPECT_EQ(sigismember(&blocked, SIGSEGV), 0);
  EXPECT_EQ(sigismember(&blocked, SIGBUS), 0);
}

TEST_F(Guest, AFaultBeyondTheEndOfAFileIsOneToo) {  // SIGBUS
  const CodePage code = store_code();
  FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  void* const memory = ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, ::fileno(file), 0);
  ASSERT_NE(memory, MAP_FAILED);
  const FaultClaims claims{code.range(), {static_cast<std::byte*>(memory), kPageBytes}};
  EXPECT_EQ(enter_guest(code.entry(), nullptr, memory, nullptr, claims), kFaultInMemory);
  ::munmap(memory, kPageBytes);
  std::fclose(file);
}

TEST_F(Guest, AnyLinkMayClaimTheCodeAndAnyTheMemory) {
  const CodePage code = store_code();
  const Mapping memory = Mapping::reserve(kPageBytes, kPageBytes);
  const FaultClaims of_memory{{}, memory.range()};
  const FaultClaims of_nothing{{}, {}, &of_memory};
  const FaultClaims of_code{code.range(), {}, &of_nothing};
  EXPECT_EQ(enter_guest(code.entry(), nullptr, memory.range().base, nullptr, of_code), kFaultInMemory);
}

struct Inner {
  const Trapdoor* trapdoor = nullptr;
  uint32_t result = 0;
};

GUEST void fault_inside(void*, void*, void* values) {
  auto* inner = static_cast<Inner*>(values);
  inner->result = inner->trapdoor->fall();
}

TEST_F(Guest, AnInnerFaultEndsTheInnerEntryOnly) {
  const CodePage code = store_code();
  const Trapdoor trapdoor(code);
  Inner inner{&trapdoor};
  EXPECT_EQ(enter_guest(fault_inside, nullptr, nullptr, &inner, kNothing), 0u);
  EXPECT_EQ(inner.result, kFaultInMemory);
}

TEST_F(Guest, EndlessRecursionEndsInTheStacksGuard) {
  const CodePage code = endless_code();
  const FaultClaims claims{code.range(), {}};
  Seen before, after;
  enter_guest(look, nullptr, nullptr, &before, kNothing);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(enter_guest(code.entry(), nullptr, nullptr, nullptr, claims), kFaultInStackGuard);
  enter_guest(look, nullptr, nullptr, &after, kNothing);
  EXPECT_EQ(before.frame, after.frame);
}

TEST_F(Guest, AFrameThatStepsFarWithoutTouchingEndsInTheGuardToo) {
  for (const uint32_t frame : {1u << 20, 3u << 20, 48u << 20}) {
    const CodePage code = skipping_code(frame);
    const FaultClaims claims{code.range(), {}};
    EXPECT_EQ(enter_guest(code.entry(), nullptr, nullptr, nullptr, claims), kFaultInStackGuard) << frame;
  }
}

#if defined(__x86_64__)
// Calls function(argument) with known values in the registers that a call preserves; returns how many came back wrong.
extern "C" uint64_t instbench_test_preserved(void (*function)(void*), void* argument);
asm(R"(
        .pushsection .text
        .type   instbench_test_preserved, @function
instbench_test_preserved:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        sub     $8, %rsp
        mov     %rdi, %rax
        mov     %rsi, %rdi
        mov     $0x1111, %ebx
        mov     $0x2222, %ebp
        mov     $0x3333, %r12d
        mov     $0x4444, %r13d
        mov     $0x5555, %r14d
        mov     $0x6666, %r15d
        call    *%rax
        xor     %eax, %eax
        cmp     $0x1111, %rbx
        setne   %cl
        add     %cl, %al
        cmp     $0x2222, %rbp
        setne   %cl
        add     %cl, %al
        cmp     $0x3333, %r12
        setne   %cl
        add     %cl, %al
        cmp     $0x4444, %r13
        setne   %cl
        add     %cl, %al
        cmp     $0x5555, %r14
        setne   %cl
        add     %cl, %al
        cmp     $0x6666, %r15
        setne   %cl
        add     %cl, %al
        add     $8, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .popsection
)");

struct Entry {
  GuestEntry entry;
  void* environment;
  FaultClaims claims;
  uint32_t result;
};

void enter(void* argument) {
  auto& call = *static_cast<Entry*>(argument);
  call.result = enter_guest(call.entry, nullptr, call.environment, nullptr, call.claims);
}

// Overwrites every preserved register, loads other control words, fills the x87 stack, turns the direction round.
const std::initializer_list<unsigned char> kWreck = {
    0x31, 0xdb, 0x31, 0xed, 0x4d, 0x31, 0xe4, 0x4d, 0x31, 0xed,  // xor ebx, ebp, r12, r13,
    0x4d, 0x31, 0xf6, 0x4d, 0x31, 0xff,                          //   r14, r15
    0x6a, 0x00, 0xc7, 0x04, 0x24, 0x80, 0x5f, 0x00, 0x00,        // push 0; movl $0x5f80, (%rsp)
    0x0f, 0xae, 0x14, 0x24,                                      // ldmxcsr (%rsp): rounds up
    0xc7, 0x04, 0x24, 0x7f, 0x0b, 0x00, 0x00, 0xd9, 0x2c, 0x24,  // movl $0x0b7f, (%rsp); fldcw (%rsp)
    0xd9, 0xe8, 0xd9, 0xe8, 0xd9, 0xe8, 0xd9, 0xe8,              // fld1 x 8
    0xd9, 0xe8, 0xd9, 0xe8, 0xd9, 0xe8, 0xd9, 0xe8,              //
    0xfd, 0xc6, 0x06, 0x01, 0xc3};                               // std; movb $1, (%rsi); ret

TEST_F(Guest, AFaultLeavesRegistersAndControlWordsAsTheyWere) {
  const CodePage code(kWreck);
  const Mapping memory = Mapping::reserve(kPageBytes, kPageBytes);
  Entry call{code.entry(), memory.range().base, {code.range(), memory.range()}, 0};
  std::fenv_t before, after;
  std::fegetenv(&before);
  EXPECT_EQ(instbench_test_preserved(enter, &call), 0u);
  std::fegetenv(&after);
  EXPECT_EQ(call.result, kFaultInMemory);
  EXPECT_EQ(after.__mxcsr & 0xffc0, before.__mxcsr & 0xffc0);
  EXPECT_EQ(after.__control_word, before.__control_word);
  EXPECT_EQ(__builtin_ia32_readeflags_u64() & 0x400, 0u) << "the direction flag";
  volatile long double one = 1;
  EXPECT_EQ(one + one, 2) << "the x87 stack has room again";
}

GUEST void wreck_and_leave(void*, void*, void*) {
  std::fesetround(FE_UPWARD);
  asm volatile("xor %%ebx, %%ebx; xor %%r12d, %%r12d; xor %%r13d, %%r13d; xor %%r14d, %%r14d; xor %%r15d, %%r15d" ::
                   : "rbx", "r12", "r13", "r14", "r15");
  leave_guest(kCode);
}

TEST_F(Guest, ALeaveLeavesRegistersAndRoundingAsTheyWere) {
  Entry call{wreck_and_leave, nullptr, {}, 0};
  EXPECT_EQ(instbench_test_preserved(enter, &call), 0u);
  EXPECT_EQ(call.result, kCode);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}
#endif

void fault_and_leave_often() {
  guest_stack_limit();
  const CodePage code = store_code();
  const Trapdoor trapdoor(code);
  for (int i = 0; i < 2000; ++i) {
    Seen seen;
    ASSERT_EQ(trapdoor.fall(), kFaultInMemory);
    ASSERT_EQ(enter_guest(deep, nullptr, nullptr, &seen, kNothing), kCode);
  }
}

TEST_F(Guest, ThreadsDoNotMeet) {
  std::thread first(fault_and_leave_often), second(fault_and_leave_often);
  first.join();
  second.join();
}

TEST_F(Guest, AThreadsStacksGoWithIt) {
  std::byte* stack = nullptr;
  void* signal_stack = nullptr;
  std::thread([&] {
    const stack_t none{nullptr, SS_DISABLE, 0};
    ::sigaltstack(&none, nullptr);  // a sanitizer's own, if there is one
    stack = guest_stack_limit();
    stack_t current{};
    ::sigaltstack(nullptr, &current);
    signal_stack = current.ss_sp;
  }).join();
  unsigned char resident = 0;
  ASSERT_NE(stack, nullptr);
  EXPECT_EQ(::mincore(stack, kPageBytes, &resident), -1) << "mapped still";
  ASSERT_NE(signal_stack, nullptr);
  EXPECT_EQ(::mincore(signal_stack, kPageBytes, &resident), -1) << "mapped still";
}

TEST_F(Guest, AThreadsOwnSignalStackStays) {
  std::thread([] {
    std::vector<char> own(1 << 16);
    const stack_t mine{own.data(), 0, own.size()};
    stack_t before{}, current{};
    ::sigaltstack(&mine, &before);
    guest_stack_limit();
    ::sigaltstack(nullptr, &current);
    EXPECT_EQ(current.ss_sp, own.data());
    ::sigaltstack(&before, nullptr);
  }).join();
}

TEST_F(Guest, AThreadWithoutMemoryForItsStackIsToldAndMayTryAgain) {
  std::thread([] {
    inject_fault(Call::mmap, 1, ENOMEM);
    EXPECT_THROW(guest_stack_limit(), std::system_error);
    inject_fault(Call::mprotect, 1, ENOMEM);
    EXPECT_THROW(guest_stack_limit(), std::system_error);
    EXPECT_FALSE(clear_fault());
    EXPECT_NE(guest_stack_limit(), nullptr);
    Seen seen;
    EXPECT_EQ(enter_guest(deep, nullptr, nullptr, &seen, kNothing), kCode);
  }).join();
}

TEST_F(Guest, EnteringAndLeavingMakeNoSystemCall) {
  if (!feature("ptrace").ok) GTEST_SKIP() << feature("ptrace").why_not;
  const auto intervals = trace_child([] {
    uint64_t code = 1, values[3] = {1, 1, 0};
    uint32_t leave_code = kCode;
    const auto round = [&] {
      Callback callback{.inner_code = 3};
      enter_guest(add, &code, &code, values, kNothing);
      enter_guest(leave_now, nullptr, nullptr, &leave_code, kNothing);
      enter_guest(call_host, nullptr, &callback, &callback, kNothing);
    };
    guest_stack_limit();
    round();
    trace_marker();
    for (int i = 0; i < 1000; ++i) round();
    trace_marker();
  });
  ASSERT_EQ(intervals.size(), 1u);
  for (const auto& [name, times] : intervals[0]) ADD_FAILURE() << name << " x" << times;
}

// What follows needs a process in which our handler is not installed yet: a death test that starts the program anew.

enum class Before { dflt, ignore, plain, info };
constexpr int kPlain = 41, kInfo = 42;
volatile std::sig_atomic_t g_expected_code = SEGV_ACCERR;

void exit_plain(int signal) { ::_exit(signal == SIGSEGV ? kPlain : 1); }
void exit_info(int signal, siginfo_t* info, void* context) {
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  const bool as_installed = sigismember(&blocked, SIGUSR1) == 1 && sigismember(&blocked, SIGSEGV) == 1;
  const bool as_sent = signal == SIGSEGV && info->si_code == g_expected_code && context != nullptr;
  ::_exit(as_installed && as_sent ? kInfo : 1);
}

void install(Before before) {
  struct sigaction action = {};
  sigaddset(&action.sa_mask, SIGUSR1);
  action.sa_handler = before == Before::plain ? exit_plain : before == Before::ignore ? SIG_IGN : SIG_DFL;
  if (before == Before::info) {
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = exit_info;
  }
  ::sigaction(SIGSEGV, &action, nullptr);
  guest_stack_limit();
}

enum class Wrong { code, memory, not_inside };

void fault(Before before, Wrong wrong) {
  install(before);
  const CodePage code = store_code(), other = store_code();
  const Mapping memory = Mapping::reserve(2 * kPageBytes, kPageBytes);
  const Range claimed = memory.range().sub(0, kPageBytes);
  const FaultClaims claims{wrong == Wrong::code ? other.range() : code.range(), claimed};
  std::byte* const target = wrong == Wrong::memory ? claimed.end() : claimed.base;
  if (wrong == Wrong::not_inside) code.entry()(nullptr, target, nullptr);
  enter_guest(code.entry(), nullptr, target, nullptr, claims);
  ::_exit(2);
}

GUEST void raise_segv(void*, void*, void*) { ::raise(SIGSEGV); }

void raise_inside(Before before) {
  install(before);
  g_expected_code = SI_TKILL;
  const FaultClaims everything{{nullptr, SIZE_MAX}, {nullptr, SIZE_MAX}};
  enter_guest(raise_segv, nullptr, nullptr, nullptr, everything);
  ::_exit(3);
}

TEST(GuestDeathTest, AFaultOutsideTheClaimsGoesToThePreviousHandler) {
  if (!guest_code_supported().ok) GTEST_SKIP() << guest_code_supported().why_not;
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const Wrong wrong : {Wrong::code, Wrong::memory, Wrong::not_inside}) {
    EXPECT_EXIT(fault(Before::plain, wrong), testing::ExitedWithCode(kPlain), "");
    EXPECT_EXIT(fault(Before::info, wrong), testing::ExitedWithCode(kInfo), "");
    EXPECT_EXIT(fault(Before::dflt, wrong), testing::KilledBySignal(SIGSEGV), "");
    EXPECT_EXIT(fault(Before::ignore, wrong), testing::KilledBySignal(SIGSEGV), "");
  }
}

TEST(GuestDeathTest, ASignalThatWasSentIsPassedOn) {
  if (!guest_code_supported().ok) GTEST_SKIP() << guest_code_supported().why_not;
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(raise_inside(Before::plain), testing::ExitedWithCode(kPlain), "");
  EXPECT_EXIT(raise_inside(Before::info), testing::ExitedWithCode(kInfo), "");
  EXPECT_EXIT(raise_inside(Before::dflt), testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(raise_inside(Before::ignore), testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace instbench::os
