/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest: counts in memory for ever and never needs user space. Interrupts
 * are off, except while it sleeps in H_CEDE. Position independent: it
 * is copied into guest memory, and guest.c sets r15 alone.
 *
 * r14 count, r15 page, r16 when the next hypercall is due, r17 time base ticks
 * between hypercalls (0: none), r18 now, r19 the hypercall, r20 how long H_CEDE
 * sleeps, r23 time base ticks between ticks of the host (0: not watched), r24
 * when the clock was read last. All others hold values that never change, and
 * each turn looks whether they are still there: whatever the host does on an exit,
 * the guest must not see it.
 *
 * Where the machine can lose a tick (docs/decisions.md) the guest knows when
 * ticks come. It was interrupted when a turn took half as long again as usual;
 * where a tick is late by SPIN_LATE and nothing has interrupted it, it makes a
 * hypercall. So there are no more exits than on a machine that loses none.
 *
 * Mostly no-ops: an emulator runs a long stretch of them at little cost, and
 * to the scheduler any instruction is as busy.
 */
#include "values.h"

#define NOBODY		-1	/* H_CONFER to no vCPU: nothing happens */
#define SPR_DEC		22
#define SPR_SRR1	27
#define SPR_DSCR	17
#define SPR_VRSAVE	256
#define SPR_SPRG0	272
#define SPR_TAR		815
#define TURN_NOPS	800
/* One and a half turns of 1,000 instructions of 16 ns each (QEMU's icount shift=4), at 512 MHz. */
#define INTERRUPTED	12288

	.machine power8

	/* OR into r21 what r22 and @value differ by. */
	.macro	differs value
	addi	22, 22, -(\value)
	or	21, 21, 22
	.endm

	.macro	check_gpr n
	addi	22, \n, -(GPR_VALUE(\n))
	or	21, 21, 22
	.endm

	.macro	check_spr n, value
	mfspr	22, \n
	differs	\value
	.endm

	/* A register that the host has set, with the copy in memory. */
	.macro	check_copy n, at
	ld	22, \at(15)
	xor	22, 22, \n
	or	21, 21, 22
	.endm

	.macro	set_spr n, value
	li	22, \value
	mtspr	\n, 22
	.endm

	.macro	load32 n, value
	lis	\n, (\value) >> 16
	ori	\n, \n, (\value) & 0xffff
	.endm

	/* What a hypercall need not keep (PAPR). */
	.macro	set_volatile
	.irp	n, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
	li	\n, GPR_VALUE(\n)
	.endr
	load32	22, XER_VALUE
	clrldi	22, 22, 32
	mtxer	22
	load32	22, CR_VALUE
	mtcrf	0xff, 22
	li	22, CTR_VALUE
	mtctr	22
	.endm

	.section .rodata
	.balign	4
	.globl	spin_start, spin_end, wake_start, wake_end
spin_start:
	/* Also after a loss, which is then counted once. */
	ld	14, SPIN_COUNT(15)
	ld	16, SPIN_DEADLINE(15)
	ld	17, SPIN_HCALL_TICKS(15)
	ld	19, SPIN_HCALL(15)
	ld	20, SPIN_CEDE_TICKS(15)
	ld	23, SPIN_TICK(15)
	li	21, SPIN_SCRATCH
	.set	n, 0
	.rept	64
	li	22, VSR_HIGH(n)
	std	22, SPIN_SCRATCH(15)
	li	22, VSR_LOW(n)
	std	22, SPIN_SCRATCH + 8(15)
	lxvd2x	n, 15, 21
	.set	n, n + 1
	.endr
	li	22, 0
	std	22, SPIN_SCRATCH(15)
	load32	22, VSCR_VALUE
	std	22, SPIN_SCRATCH + 8(15)
	lxvd2x	63, 15, 21
	mtvscr	31
	mtfsfi	7, FPSCR_VALUE
	li	22, LR_VALUE
	mtlr	22
	set_spr	SPR_VRSAVE, VRSAVE_VALUE
	ld	22, SPIN_PROBLEM_STATE(15)
	cmpdi	22, 0
	bne	1f
	set_spr	SPR_TAR, TAR_VALUE
	set_spr	SPR_DSCR, DSCR_VALUE
	.set	n, 0
	.rept	4
	set_spr	SPR_SPRG0 + n, SPRG_VALUE(n)
	.set	n, n + 1
	.endr
1:
	.irp	n, 1, 2, 13, 25, 26, 27, 28, 29, 30, 31
	li	\n, GPR_VALUE(\n)
	.endr
	set_volatile
	mftb	18
	mr	24, 18
	b	ticks_are_known

turn:
	/* What r21 gathers is 0 when nothing has changed. */
	li	21, 0
	check_copy 14, SPIN_COUNT
	addi	14, 14, 1
	std	14, SPIN_COUNT(15)
	.rept	TURN_NOPS
	nop
	.endr

	mr	22, 0
	differs	GPR_VALUE(0)
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 25, 26, 27, 28, 29, 30, 31
	check_gpr \n
	.endr
	check_copy 17, SPIN_HCALL_TICKS
	check_copy 19, SPIN_HCALL
	check_copy 20, SPIN_CEDE_TICKS
	check_copy 23, SPIN_TICK
	mfcr	22
	clrldi	22, 22, 36
	xoris	22, 22, CR_VALUE >> 16
	xori	22, 22, CR_VALUE & 0xffff
	or	21, 21, 22
	mflr	22
	differs	LR_VALUE
	mfctr	22
	differs	CTR_VALUE
	mfxer	22
	xoris	22, 22, XER_VALUE >> 16
	xori	22, 22, XER_VALUE & 0xffff
	or	21, 21, 22
	check_spr SPR_VRSAVE, VRSAVE_VALUE
	ld	22, SPIN_PROBLEM_STATE(15)
	cmpdi	22, 0
	bne	1f
	check_spr SPR_TAR, TAR_VALUE
	check_spr SPR_DSCR, DSCR_VALUE
	.set	n, 0
	.rept	4
	check_spr SPR_SPRG0 + n, SPRG_VALUE(n)
	.set	n, n + 1
	.endr
	mffs	31
	stfd	31, SPIN_SCRATCH(15)
	ld	22, SPIN_SCRATCH(15)
	differs	FPSCR_VALUE
	/* The exclusive or of all others: one that is lost changes it. */
	xxlxor	63, 0, 1
	.set	high, VSR_HIGH(0) ^ VSR_HIGH(1)
	.set	low, VSR_LOW(0) ^ VSR_LOW(1)
	.set	n, 2
	.rept	61
	.if	n != 31
	xxlxor	63, 63, n
	.set	high, high ^ VSR_HIGH(n)
	.set	low, low ^ VSR_LOW(n)
	.endif
	.set	n, n + 1
	.endr
	li	22, SPIN_SCRATCH
	stxvd2x	63, 15, 22
	ld	22, SPIN_SCRATCH(15)
	differs	high
	ld	22, SPIN_SCRATCH + 8(15)
	differs	low
	mfvscr	31
	li	22, SPIN_SCRATCH
	stxvd2x	63, 15, 22
	ld	22, SPIN_SCRATCH + 8(15)
	xoris	22, 22, VSCR_VALUE >> 16
	xori	22, 22, VSCR_VALUE & 0xffff
	or	21, 21, 22
1:	cmpdi	21, 0
	bne	lost

	/* The host's as well, and whoever watches knows when this was (registers_look()). */
	mftb	18
	std	18, SPIN_TIME(15)
	cmpdi	17, 0
	bne	periodic
	cmpdi	23, 0
	beq	turn
	subf	22, 24, 18
	mr	24, 18
	cmpdi	22, INTERRUPTED
	bgt	ticks_are_known
	cmpd	18, 16
	blt	turn
	ld	22, SPIN_LOST_TICKS(15)
	addi	22, 22, 1
	std	22, SPIN_LOST_TICKS(15)
	b	hypercall
periodic:
	cmpd	18, 16
	blt	turn
hypercall:
	cmpdi	20, 0
	beq	1f
	mtspr	SPR_DEC, 20
1:	mr	3, 19
	li	4, NOBODY
	ld	5, SPIN_HCALL_ARG(15)
	sc	1
	set_volatile
	mftb	18
	mr	24, 18
	add	16, 18, 17
	cmpdi	17, 0
	bne	turn
	ld	16, SPIN_DEADLINE(15)
ticks_are_known:
	/* The next one is the first after now. */
	cmpdi	23, 0
	beq	turn
	ld	22, SPIN_LATE(15)
	add	22, 22, 18
1:	cmpd	16, 22
	bgt	2f
	add	16, 16, 23
	b	1b
2:	std	16, SPIN_DEADLINE(15)
	b	turn

lost:
	ld	22, SPIN_LOST(15)
	cmpdi	22, 0
	addi	22, 22, 1
	std	22, SPIN_LOST(15)
	bne	spin_start
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	std	\n, SPIN_GPR + 8 * \n(15)
	.endr
	.set	n, 0
	.rept	64
	li	22, SPIN_VSR + 16 * n
	stxvd2x	n, 15, 22
	.set	n, n + 1
	.endr
	mfcr	22
	std	22, SPIN_SPR(15)
	mflr	22
	std	22, SPIN_SPR + 8(15)
	mfctr	22
	std	22, SPIN_SPR + 16(15)
	mfxer	22
	std	22, SPIN_SPR + 24(15)
	mfspr	22, SPR_VRSAVE
	std	22, SPIN_SPR + 40(15)
	ld	22, SPIN_PROBLEM_STATE(15)
	cmpdi	22, 0
	bne	1f
	mfspr	22, SPR_TAR
	std	22, SPIN_SPR + 32(15)
	mfspr	22, SPR_DSCR
	std	22, SPIN_SPR + 48(15)
	.set	n, 0
	.rept	4
	mfspr	22, SPR_SPRG0 + n
	std	22, SPIN_SPR + 56 + 8 * n(15)
	.set	n, n + 1
	.endr
1:	mffs	31
	stfd	31, SPIN_SPR + 88(15)
	mfvscr	31
	li	22, SPIN_SCRATCH
	stxvd2x	63, 15, 22
	ld	22, SPIN_SCRATCH + 8(15)
	std	22, SPIN_SPR + 96(15)
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
