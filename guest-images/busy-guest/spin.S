/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest: counts in memory for ever and never needs user space. Interrupts
 * are off. Position independent: guest.c copies it into guest memory.
 *
 * r14 count, r15 where to store it, r16 time base of the next hypercall,
 * r17 time base ticks between hypercalls (0: none).
 *
 * Mostly no-ops: an emulator runs a long stretch of them at little cost, and
 * to the scheduler any instruction is as busy.
 */
#define H_CONFER	0xe4	/* handled by KVM itself (kvmppc_pseries_do_hcall()) */
#define NOBODY		-1	/* confers to no vCPU: nothing happens */

	.section .rodata
	.balign	4
	.globl	spin_start, spin_end
spin_start:
	addi	14, 14, 1
	std	14, 0(15)
	.rept	1000
	nop
	.endr
	cmpdi	17, 0
	beq	spin_start
	mftb	18
	cmpd	18, 16
	blt	spin_start
	add	16, 18, 17
	li	3, H_CONFER
	li	4, NOBODY
	sc	1
	b	spin_start
spin_end:
	.section .note.GNU-stack, "", @progbits
