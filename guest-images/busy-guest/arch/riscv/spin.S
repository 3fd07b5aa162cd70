/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest, in VS-mode: counts in memory for ever and never needs user space.
 * Interrupts are off, also while it sleeps in WFI. Position independent: it is
 * copied into guest memory, and guest.c sets x8 alone.
 *
 * x8 page, x9 count, x18 when the next hypercall is due, x19 ticks of the clock
 * between hypercalls (0: none), x20 the hypercall; x21, x22 and x23 are for now.
 * All others hold values that never change, and each turn looks whether they are
 * still there: whatever the host does on an exit, the guest must not see it.
 *
 * Mostly no-ops: an emulator runs a long stretch of them at little cost, and
 * to the scheduler any instruction is as busy.
 */
#include "values.h"

#define SBI_BASE	0x10		/* which version: KVM answers it and does nothing */
#define SBI_TIME	0x54494d45
#define STIMECMP	0x14d
#define SSTATUS_FS	0x6000
#define TURN_NOPS	821		/* a turn of 1,000 instructions, as the plain loop's */

	/* OR into x21 what x22 and @value, of 12 bits, differ by. */
	.macro	differs value
	xori	x22, x22, \value
	or	x21, x21, x22
	.endm

	/* A register that the host has set, with the copy in memory. */
	.macro	check_copy reg, at
	ld	x22, \at(x8)
	xor	x22, x22, \reg
	or	x21, x21, x22
	.endm

	.macro	set_special reg, value
	li	x22, \value
	csrw	\reg, x22
	.endm

	.macro	check_special reg, value
	csrr	x22, \reg
	differs	\value
	.endm

	.macro	keep_special reg, i
	csrr	x22, \reg
	sd	x22, SPIN_SPECIAL + 8 * \i(x8)
	.endm

	/* What a hypercall returns, and its arguments. */
	.macro	set_volatile
	.irp	n, 10, 11, 16, 17
	li	x\n, GPR_VALUE(\n)
	.endr
	.endm

	.option	norelax
	.section .rodata
	.balign	16
	.globl	spin_start, spin_end
spin_start:
	/* Also after a loss, which is then counted once. */
	ld	x9, SPIN_COUNT(x8)
	ld	x19, SPIN_HCALL_TICKS(x8)
	ld	x20, SPIN_HCALL(x8)
	li	x22, SSTATUS_FS
	csrs	sstatus, x22
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	li	x22, FLOAT_VALUE(\n)
	fmv.d.x	f\n, x22
	.endr
	set_special fcsr, FCSR_VALUE
	set_special sscratch, SSCRATCH_VALUE
	set_special stvec, STVEC_VALUE
	set_special sepc, SEPC_VALUE
	set_special scause, SCAUSE_VALUE
	set_special stval, STVAL_VALUE
	set_special sie, SIE_VALUE
	set_volatile
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
	li	x\n, GPR_VALUE(\n)
	.endr
	rdtime	x18

turn:
	/* What x21 gathers is 0 when nothing has changed. */
	li	x21, 0
	check_copy x9, SPIN_COUNT
	addi	x9, x9, 1
	sd	x9, SPIN_COUNT(x8)
	.rept	TURN_NOPS
	nop
	.endr

	.irp	n, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 24, 25, 26, 27, 28, 29, 30, 31
	xori	x22, x\n, GPR_VALUE(\n)
	or	x21, x21, x22
	.endr
	check_copy x19, SPIN_HCALL_TICKS
	check_copy x20, SPIN_HCALL
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	fmv.x.d	x22, f\n
	differs	FLOAT_VALUE(\n)
	.endr
	check_special fcsr, FCSR_VALUE
	check_special sscratch, SSCRATCH_VALUE
	check_special stvec, STVEC_VALUE
	check_special sepc, SEPC_VALUE
	check_special scause, SCAUSE_VALUE
	check_special stval, STVAL_VALUE
	check_special sie, SIE_VALUE
	bnez	x21, lost

	/* The host's as well, and whoever watches knows when this was (registers_look()). */
	rdtime	x22
	sd	x22, SPIN_TIME(x8)
	beqz	x19, turn_again
	bltu	x22, x18, turn_again
	li	x22, 1
	beq	x20, x22, to_user
	bgtu	x20, x22, cede
	li	x17, SBI_BASE
	li	x16, 0
	ecall
	j	called
to_user:
	li	x17, SBI_EXPERIMENTAL
	li	x16, 0
	ecall
	j	called
cede:
	ld	x22, SPIN_CEDE_TICKS(x8)
	rdtime	x10
	add	x10, x10, x22
	ld	x22, SPIN_SSTC(x8)
	beqz	x22, 1f
	csrw	STIMECMP, x10
	wfi
	/* The interrupt goes when the timer is far away. */
	li	x10, -1
	csrw	STIMECMP, x10
	j	called
1:	li	x17, SBI_TIME
	li	x16, 0
	ecall
	wfi
	li	x10, -1
	li	x17, SBI_TIME
	li	x16, 0
	ecall
called:
	set_volatile
	rdtime	x22
	add	x18, x22, x19
turn_again:
	j	turn

lost:
	ld	x22, SPIN_LOST(x8)
	addi	x23, x22, 1
	sd	x23, SPIN_LOST(x8)
	bnez	x22, 1f
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 24, 25, 26, 27, 28, 29, 30, 31
	sd	x\n, SPIN_GPR + 8 * \n(x8)
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	fsd	f\n, SPIN_FLOAT + 8 * \n(x8)
	.endr
	keep_special fcsr, 0
	keep_special sscratch, 1
	keep_special stvec, 2
	keep_special sepc, 3
	keep_special scause, 4
	keep_special stval, 5
	keep_special sie, 6
1:	j	spin_start
spin_end:
	.section .note.GNU-stack, "", @progbits
