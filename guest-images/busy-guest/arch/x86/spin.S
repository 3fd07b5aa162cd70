/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest, in 64-bit mode: counts in memory for ever and never needs user
 * space. Interrupts are off, except while it sleeps in HLT. Position
 * independent: it is copied into guest memory, and guest.c sets r15 alone.
 *
 * r10 the hypercall, r12 ticks of the clock between hypercalls (0: none), r13
 * when the next is due, r14 count, r15 page, rsp the page's end; rax, rdx and
 * r11 are for now. All others hold values that never change, and each turn looks
 * whether they are still there: whatever the host does on an exit, the guest must
 * not see it.
 *
 * Mostly no-ops: an emulator runs a long stretch of them at little cost, and
 * to the scheduler any instruction is as busy.
 */
#include "values.h"

#define KVM_HC_VAPIC_POLL_IRQ	1	/* KVM answers 0 and does nothing */
#define PORT			0xe9	/* no device */
#define APIC_EOI		0xfee000b0
#define APIC_TIMER		0xfee00380	/* TMICT */
#define TURN_NOPS		912	/* a turn of 1,000 instructions, as the plain loop's */

	/* OR into r11 what rax and @value differ by. */
	.macro	differs value
	xorq	$\value, %rax
	orq	%rax, %r11
	.endm

	.macro	check reg, value
	movq	\reg, %rax
	differs	\value
	.endm

	/* A register that the host has set, with the copy in memory. */
	.macro	check_copy reg, at
	movq	\reg, %rax
	xorq	\at(%r15), %rax
	orq	%rax, %r11
	.endm

	.macro	read_clock
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	.endm

	.section .rodata
	.balign	16
	.globl	spin_start, spin_end, spin_wake
spin_start:
	/* Also after a loss, which is then counted once. */
	movq	SPIN_COUNT(%r15), %r14
	movq	SPIN_HCALL_TICKS(%r15), %r12
	movq	SPIN_HCALL(%r15), %r10
	movq	SPIN_STACK(%r15), %rsp
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	movq	$XMM_LOW(\n), SPIN_SCRATCH(%r15)
	movq	$XMM_HIGH(\n), SPIN_SCRATCH + 8(%r15)
	movaps	SPIN_SCRATCH(%r15), %xmm\n
	.endr
	movl	$MXCSR_VALUE, SPIN_SCRATCH(%r15)
	ldmxcsr	SPIN_SCRATCH(%r15)
	movw	$FCW_VALUE, SPIN_SCRATCH(%r15)
	fldcw	SPIN_SCRATCH(%r15)
	movq	$CR2_VALUE, %rax
	movq	%rax, %cr2
	pushq	$RFLAGS_VALUE
	popfq
	movq	$GPR_VALUE(RCX), %rcx
	movq	$GPR_VALUE(RBX), %rbx
	movq	$GPR_VALUE(RBP), %rbp
	movq	$GPR_VALUE(RSI), %rsi
	movq	$GPR_VALUE(RDI), %rdi
	movq	$GPR_VALUE(8), %r8
	movq	$GPR_VALUE(9), %r9
	read_clock
	movq	%rax, %r13

turn:
	/* What r11 gathers is 0 when nothing has changed. */
	xorl	%r11d, %r11d
	check_copy %r14, SPIN_COUNT
	incq	%r14
	movq	%r14, SPIN_COUNT(%r15)
	.rept	TURN_NOPS
	nop
	.endr

	check	%rcx, GPR_VALUE(RCX)
	check	%rbx, GPR_VALUE(RBX)
	check	%rbp, GPR_VALUE(RBP)
	check	%rsi, GPR_VALUE(RSI)
	check	%rdi, GPR_VALUE(RDI)
	check	%r8, GPR_VALUE(8)
	check	%r9, GPR_VALUE(9)
	check_copy %r10, SPIN_HCALL
	check_copy %r12, SPIN_HCALL_TICKS
	check_copy %rsp, SPIN_STACK
	check	%fs:SPIN_MARKS, FS_VALUE
	check	%gs:SPIN_MARKS, GS_VALUE
	check	%cr2, CR2_VALUE
	pushfq
	popq	%rax
	andl	$RFLAGS_MASK, %eax
	differs	RFLAGS_VALUE
	stmxcsr	SPIN_SCRATCH(%r15)
	movl	SPIN_SCRATCH(%r15), %eax
	differs	MXCSR_VALUE
	fnstcw	SPIN_SCRATCH(%r15)
	movzwl	SPIN_SCRATCH(%r15), %eax
	differs	FCW_VALUE
	/* The exclusive or of all: one that is lost changes it. */
	movaps	%xmm0, %xmm15
	.set	low, XMM_LOW(0)
	.set	high, XMM_HIGH(0)
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	pxor	%xmm\n, %xmm15
	.set	low, low ^ XMM_LOW(\n)
	.set	high, high ^ XMM_HIGH(\n)
	.endr
	movaps	%xmm15, SPIN_SCRATCH(%r15)
	movq	SPIN_SCRATCH(%r15), %rax
	differs	low
	movq	SPIN_SCRATCH + 8(%r15), %rax
	differs	high
	testq	%r11, %r11
	jnz	lost

	/* The host's as well, and whoever watches knows when this was (registers_look()). */
	read_clock
	movq	%rax, SPIN_TIME(%r15)
	testq	%r12, %r12
	jz	turn
	cmpq	%r13, %rax
	jb	turn
	cmpq	$1, %r10
	je	to_user
	ja	cede
	movl	$KVM_HC_VAPIC_POLL_IRQ, %eax
	cmpq	$0, SPIN_VMX(%r15)
	jne	1f
	vmmcall
	jmp	called
1:	vmcall
	jmp	called
to_user:
	outb	%al, $PORT
	jmp	called
cede:
	movl	$APIC_TIMER, %edx
	movl	SPIN_CEDE_TICKS(%r15), %eax
	movl	%eax, (%rdx)
	sti
	hlt
	cli
called:
	read_clock
	leaq	(%rax, %r12), %r13
	jmp	turn

lost:
	incq	SPIN_LOST(%r15)
	cmpq	$1, SPIN_LOST(%r15)
	jne	spin_start
	movq	%rcx, SPIN_GPR + 8 * RCX(%r15)
	movq	%rbx, SPIN_GPR + 8 * RBX(%r15)
	movq	%rsp, SPIN_GPR + 8 * RSP(%r15)
	movq	%rbp, SPIN_GPR + 8 * RBP(%r15)
	movq	%rsi, SPIN_GPR + 8 * RSI(%r15)
	movq	%rdi, SPIN_GPR + 8 * RDI(%r15)
	.irp	n, 8, 9, 10, 12, 14
	movq	%r\n, SPIN_GPR + 8 * \n(%r15)
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	movaps	%xmm\n, SPIN_XMM + 16 * \n(%r15)
	.endr
	movq	%fs:SPIN_MARKS, %rax
	movq	%rax, SPIN_SPECIAL(%r15)
	movq	%gs:SPIN_MARKS, %rax
	movq	%rax, SPIN_SPECIAL + 8(%r15)
	movq	%cr2, %rax
	movq	%rax, SPIN_SPECIAL + 16(%r15)
	pushfq
	popq	SPIN_SPECIAL + 24(%r15)
	stmxcsr	SPIN_SPECIAL + 32(%r15)
	fnstcw	SPIN_SPECIAL + 40(%r15)
	jmp	spin_start

/* The timer's interrupt, which ends HLT. */
spin_wake:
	movl	$APIC_EOI, %edx
	movl	$0, (%rdx)
	iretq
spin_end:
	.section .note.GNU-stack, "", @progbits
