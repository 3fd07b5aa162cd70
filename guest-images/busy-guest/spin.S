/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest: counts in memory for ever and never needs user space. Interrupts
 * are off, except while it sleeps in H_CEDE. Position independent: guest.c
 * copies it into guest memory.
 *
 * r14 count, r15 where to store it, r16 time base of the next hypercall,
 * r17 time base ticks between hypercalls (0: none), r19 the hypercall,
 * r20 how long H_CEDE sleeps, time base ticks (0: for no other hypercall).
 *
 * Mostly no-ops: an emulator runs a long stretch of them at little cost, and
 * to the scheduler any instruction is as busy.
 */
#define NOBODY		-1	/* H_CONFER to no vCPU: nothing happens */
#define SPR_DEC		22
#define SPR_SRR1	27

	.section .rodata
	.balign	4
	.globl	spin_start, spin_end, wake_start, wake_end
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
	cmpdi	20, 0
	beq	1f
	mtspr	SPR_DEC, 20
1:	mr	3, 19
	li	4, NOBODY
	sc	1
	mftb	16
	add	16, 16, 17
	b	spin_start
spin_end:

/*
 * The decrementer's interrupt, which ends H_CEDE: far in the future with the
 * next one, and back with interrupts off again.
 */
wake_start:
	lis	21, 0x7fff
	mtspr	SPR_DEC, 21
	mfspr	22, SPR_SRR1
	rldicl	22, 22, 48, 1
	rotldi	22, 22, 16
	mtspr	SPR_SRR1, 22
	rfid
wake_end:
	.section .note.GNU-stack, "", @progbits
