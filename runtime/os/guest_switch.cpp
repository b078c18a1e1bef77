// The stack switch, in x86-64 assembly (System V ABI, section 3.2). Both ways out restore the same frame:
//
//   saved stack pointer -> [ MXCSR | x87 control word | r15 r14 r13 r12 rbx rbp | return address ]
//
// A called function preserves all of that, so an ordinary return does not load the control words again; a leave comes
// from anywhere and does. The unwind tables hold across the switch (rbx keeps the old stack pointer), so that debuggers
// and profilers see through it.
#include "runtime/os/guest_state.hpp"

#if INSTBENCH_GUEST_CODE

static_assert(offsetof(instbench::os::detail::Activation, stack_pointer) == 0);

asm(R"(
        .pushsection .text
        .p2align 4
        .globl  instbench_guest_enter
        .hidden instbench_guest_enter
        .type   instbench_guest_enter, @function
instbench_guest_enter:  # rdi activation, rsi stack top or 0, rdx entry, rcx code, r8 environment, r9 values
        .cfi_startproc
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        sub     $8, %rsp
        .cfi_def_cfa %rsp, 64
        .cfi_offset %rbp, -16
        .cfi_offset %rbx, -24
        .cfi_offset %r12, -32
        .cfi_offset %r13, -40
        .cfi_offset %r14, -48
        .cfi_offset %r15, -56
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        mov     %rsp, (%rdi)
        mov     %rsp, %rbx
        .cfi_def_cfa_register %rbx
        test    %rsi, %rsi
        cmovz   %rsp, %rsi
        and     $-16, %rsi
        mov     %rsi, %rsp
        mov     %rdx, %rax
        mov     %rcx, %rdi
        mov     %r8, %rsi
        mov     %r9, %rdx
        call    *%rax
        mov     %rbx, %rsp
        .cfi_def_cfa_register %rsp
        xor     %eax, %eax
.Linstbench_guest_restore:
        add     $8, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size   instbench_guest_enter, . - instbench_guest_enter

        .p2align 4
        .globl  instbench_guest_leave_after_fault
        .hidden instbench_guest_leave_after_fault
        .type   instbench_guest_leave_after_fault, @function
instbench_guest_leave_after_fault:  # rdi activation, esi code
        cld             # a fault may interrupt code that copies downwards
        fninit          # or that has values on the x87 stack; the control word follows below
        .size   instbench_guest_leave_after_fault, . - instbench_guest_leave_after_fault
        # goes on in:
        .globl  instbench_guest_leave
        .hidden instbench_guest_leave
        .type   instbench_guest_leave, @function
instbench_guest_leave:  # rdi activation, esi code
        .cfi_startproc
        mov     (%rdi), %rsp
        .cfi_def_cfa %rsp, 64
        .cfi_offset %rbp, -16
        .cfi_offset %rbx, -24
        .cfi_offset %r12, -32
        .cfi_offset %r13, -40
        .cfi_offset %r14, -48
        .cfi_offset %r15, -56
        mov     %esi, %eax
        fldcw   4(%rsp)
        ldmxcsr (%rsp)
        jmp     .Linstbench_guest_restore
        .cfi_endproc
        .size   instbench_guest_leave, . - instbench_guest_leave
        .popsection
)");

#else

#include <cstdlib>

// enter_guest requires a guest stack, which guest_stack_limit() refuses to make here.
extern "C" {
uint32_t instbench_guest_enter(instbench::os::detail::Activation*, void*, instbench::os::GuestEntry, void*, void*,
                               void*) noexcept {
  std::abort();
}
void instbench_guest_leave(instbench::os::detail::Activation*, uint32_t) noexcept { std::abort(); }
void instbench_guest_leave_after_fault(instbench::os::detail::Activation*, uint32_t) noexcept { std::abort(); }
}

#endif
