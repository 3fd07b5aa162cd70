/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest, at EL1: counts in memory for ever and never needs user space.
 * Interrupts are off, also while it sleeps in WFI. Position independent: it is
 * copied into guest memory, and guest.c sets x28 alone.
 *
 * x24 the hypercall, x25 ticks of the counter between hypercalls (0: none), x26
 * when the next is due, x27 count, x28 page; x21, x22 and x23 are for now. All
 * others hold values that never change, and each turn looks whether they are still
 * there: whatever the host does on an exit, the guest must not see it.
 *
 * Mostly no-ops: an emulator runs a long stretch of them at little cost, and
 * to the scheduler any instruction is as busy.
 */
#include "values.h"

#define PSCI_VERSION	0x84000000	/* KVM answers it and does nothing */
#define TURN_NOPS	822		/* a turn of 1,000 instructions, as the plain loop's */

	/* OR into x23 what x22 and @value differ by. */
	.macro	differs value
	mov	x21, #\value
	eor	x22, x22, x21
	orr	x23, x23, x22
	.endm

	/* A register that the host has set, with the copy in memory. */
	.macro	check_copy reg, at
	ldr	x22, [x28, #\at]
	eor	x22, x22, \reg
	orr	x23, x23, x22
	.endm

	.macro	set_special reg, value
	mov	x22, #\value
	msr	\reg, x22
	.endm

	.macro	check_special reg, value
	mrs	x22, \reg
	differs	\value
	.endm

	.macro	keep_special reg, i
	mrs	x22, \reg
	str	x22, [x28, #SPIN_SPECIAL + 8 * \i]
	.endm

	/* What a hypercall returns (SMCCC). */
	.macro	set_volatile
	.irp	n, 0, 1, 2, 3
	mov	x\n, #GPR_VALUE(\n)
	.endr
	.endm

	.section .rodata
	.balign	16
	.globl	spin_start, spin_end
spin_start:
	/*
	 * KVM maps the table when it is read. On Cortex-A57 7.2 hangs where the MMU is the first
	 * to read it: it asks the MMU again where the fault was (erratum 834220).
	 */
	mov	x22, #TABLE
	ldr	x22, [x22]
	mov	x22, #(SCTLR & 0xffff)
	movk	x22, #(SCTLR >> 16), lsl #16
	msr	sctlr_el1, x22
	isb
	/* Also after a loss, which is then counted once. */
	ldr	x27, [x28, #SPIN_COUNT]
	ldr	x25, [x28, #SPIN_HCALL_TICKS]
	ldr	x24, [x28, #SPIN_HCALL]
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	mov	x21, #VECTOR_LOW(\n)
	mov	x22, #VECTOR_HIGH(\n)
	fmov	d\n, x21
	fmov	v\n\().d[1], x22
	.endr
	mov	x22, #GPR_VALUE(31)
	mov	sp, x22
	set_special sp_el0, SP_EL0_VALUE
	set_special tpidr_el0, TPIDR_EL0_VALUE
	set_special tpidrro_el0, TPIDRRO_EL0_VALUE
	set_special tpidr_el1, TPIDR_EL1_VALUE
	set_special elr_el1, ELR_EL1_VALUE
	set_special far_el1, FAR_EL1_VALUE
	set_special vbar_el1, VBAR_EL1_VALUE
	set_special contextidr_el1, CONTEXTIDR_EL1_VALUE
	set_special fpcr, FPCR_VALUE
	set_special fpsr, FPSR_VALUE
	set_volatile
	.irp	n, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 29, 30
	mov	x\n, #GPR_VALUE(\n)
	.endr
	mrs	x26, cntvct_el0

turn:
	/* What x23 gathers is 0 when nothing has changed. */
	mov	x23, #0
	check_copy x27, SPIN_COUNT
	add	x27, x27, #1
	str	x27, [x28, #SPIN_COUNT]
	set_special nzcv, NZCV_VALUE
	.rept	TURN_NOPS
	nop
	.endr

	check_special nzcv, NZCV_VALUE
	check_special daif, DAIF_VALUE
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 29, 30
	mov	x22, #GPR_VALUE(\n)
	eor	x22, x22, x\n
	orr	x23, x23, x22
	.endr
	mov	x22, sp
	differs	GPR_VALUE(31)
	check_copy x24, SPIN_HCALL
	check_copy x25, SPIN_HCALL_TICKS
	check_special sp_el0, SP_EL0_VALUE
	check_special tpidr_el0, TPIDR_EL0_VALUE
	check_special tpidrro_el0, TPIDRRO_EL0_VALUE
	check_special tpidr_el1, TPIDR_EL1_VALUE
	check_special elr_el1, ELR_EL1_VALUE
	check_special far_el1, FAR_EL1_VALUE
	check_special vbar_el1, VBAR_EL1_VALUE
	check_special contextidr_el1, CONTEXTIDR_EL1_VALUE
	check_special fpcr, FPCR_VALUE
	check_special fpsr, FPSR_VALUE
	/* The exclusive or of all: one that is lost changes it. */
	mov	v31.16b, v0.16b
	.set	low, VECTOR_LOW(0)
	.set	high, VECTOR_HIGH(0)
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	eor	v31.16b, v31.16b, v\n\().16b
	.set	low, low ^ VECTOR_LOW(\n)
	.set	high, high ^ VECTOR_HIGH(\n)
	.endr
	fmov	x22, d31
	differs	low
	fmov	x22, v31.d[1]
	differs	high
	cbnz	x23, lost

	/* The host's as well, and whoever watches knows when this was (registers_look()). */
	mrs	x22, cntvct_el0
	str	x22, [x28, #SPIN_TIME]
	cbz	x25, turn
	cmp	x22, x26
	b.lo	turn
	cmp	x24, #1
	b.eq	to_user
	b.hi	cede
	mov	x0, #PSCI_VERSION
	hvc	#0
	set_volatile
	b	called
to_user:
	mov	x22, #NOWHERE
	str	xzr, [x22]
	b	called
cede:
	ldr	x22, [x28, #SPIN_CEDE_TICKS]
	msr	cntv_tval_el0, x22
	mov	x22, #1
	msr	cntv_ctl_el0, x22
	isb
	/* The timer's interrupt ends it, and goes when the timer is off. */
	wfi
	msr	cntv_ctl_el0, xzr
	isb
called:
	mrs	x22, cntvct_el0
	add	x26, x22, x25
	b	turn

lost:
	ldr	x22, [x28, #SPIN_LOST]
	add	x21, x22, #1
	str	x21, [x28, #SPIN_LOST]
	cbnz	x22, spin_start
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 24, 25, 27, 29, 30
	str	x\n, [x28, #SPIN_GPR + 8 * \n]
	.endr
	mov	x22, sp
	str	x22, [x28, #SPIN_GPR + 8 * 31]
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	str	q\n, [x28, #SPIN_VECTOR + 16 * \n]
	.endr
	keep_special nzcv, 0
	keep_special daif, 1
	keep_special sp_el0, 2
	keep_special tpidr_el0, 3
	keep_special tpidrro_el0, 4
	keep_special tpidr_el1, 5
	keep_special elr_el1, 6
	keep_special far_el1, 7
	keep_special vbar_el1, 8
	keep_special contextidr_el1, 9
	keep_special fpcr, 10
	keep_special fpsr, 11
	b	spin_start
spin_end:
	.section .note.GNU-stack, "", %progbits
