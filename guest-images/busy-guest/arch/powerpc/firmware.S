/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bare guest of a pseries machine, in place of its firmware: says on the
 * first console that it is there, then counts in memory for ever. Big-endian
 * when it runs: vmm.c turns every instruction round, so there is no data here.
 *
 * r14 count, r15 its page, r16 time base of the next hypercall, r17 time base
 * ticks between hypercalls (0: none).
 */
#define H_PUT_TERM_CHAR	0x58
#define H_CONFER	0xe4	/* handled by KVM itself (kvmppc_pseries_do_hcall()) */
#define NOBODY		-1
#define SETTINGS_HIGH	0x10	/* vmm.c, SETTINGS */
#define PAGE_HIGH	0x20
#define MARK_BYTES	16

	.macro	load64 reg, a, b, c, d
	lis	\reg, \a
	ori	\reg, \reg, \b
	sldi	\reg, \reg, 32
	oris	\reg, \reg, \c
	ori	\reg, \reg, \d
	.endm

	.section .rodata
	.balign	4
	.globl	firmware_start, firmware_end
firmware_start:
	/* A page that is only read: KVM warns of a file's page that is read first and written then. */
	lis	15, SETTINGS_HIGH
	ld	17, 0(15)
	lis	15, PAGE_HIGH
	/* "BUSYGUEST-SPINS\n" */
	li	3, H_PUT_TERM_CHAR
	li	4, 0
	li	5, 16
	load64	6, 0x4255, 0x5359, 0x4755, 0x4553
	load64	7, 0x542d, 0x5350, 0x494e, 0x530a
	sc	1
	/* "BUSYGUEST-COUNTS", where the host looks for it */
	load64	6, 0x4255, 0x5359, 0x4755, 0x4553
	load64	7, 0x542d, 0x434f, 0x554e, 0x5453
	std	6, 0(15)
	std	7, 8(15)
	addi	15, 15, MARK_BYTES
	li	14, 0
	li	16, 0
1:	addi	14, 14, 1
	stdbrx	14, 0, 15
	.rept	1000
	nop
	.endr
	cmpdi	17, 0
	beq	1b
	mftb	18
	cmpd	18, 16
	blt	1b
	add	16, 18, 17
	li	3, H_CONFER
	li	4, NOBODY
	sc	1
	b	1b
firmware_end:
	.section .note.GNU-stack, "", @progbits
