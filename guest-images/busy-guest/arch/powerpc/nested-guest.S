/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that is a hypervisor itself: it has KVM run its own guest (spin.S) and
 * does nothing else. Interrupts are off. nested.c sets r14 partition table, r16
 * state and r17 registers of its guest, r18 where a refused hypercall is noted.
 */
#define H_SET_PARTITION_TABLE	0xf800
#define H_ENTER_NESTED		0xf804

	.machine power8
	.section .rodata
	.balign	4
	.globl	nested_start, nested_end
nested_start:
	li	3, 0
	ori	3, 3, H_SET_PARTITION_TABLE
	mr	4, 14
	sc	1
	cmpdi	3, 0
	bne	refused
	/* Comes back with the interrupt that ended it, or with 0 for a signal: it goes on where it was. */
1:	li	3, 0
	ori	3, 3, H_ENTER_NESTED
	mr	4, 16
	mr	5, 17
	sc	1
	cmpdi	3, 0
	bge	1b
refused:
	std	3, 0(18)
	b	.
nested_end:
