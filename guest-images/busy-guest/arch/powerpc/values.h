/* SPDX-License-Identifier: GPL-2.0-only */
/* What spin.S and registers.c share: the rest of a vCPU's page, and what registers hold. No C here but macros. */
#ifndef BUSYGUEST_VALUES_H
#define BUSYGUEST_VALUES_H

#include "spin.h"

/* The guest has the address of its page in r15. */
#define SPIN_HCALL_ARG		72	/* the hypercall's second argument */
#define SPIN_SCRATCH		80
#define SPIN_PROBLEM_STATE	96	/* not 0: KVM-PR, where some special registers cost an exit each and those of the FPU were seen to read 0 (7.2) */
/* All registers at the first loss; r21 and r22 have no meaning. */
#define SPIN_GPR		0x100
#define SPIN_VSR		0x200
#define SPIN_SPR		0x600

/*
 * General register n (and the halves of VSX register n) hold a negative number,
 * so that a loss of upper bits is seen; special ones one that they can hold.
 */
#define GPR_VALUE(n)	(-0x101 * ((n) + 1))
#define VSR_HIGH(n)	(-0x11 * ((n) + 1))
#define VSR_LOW(n)	(-0x13 * ((n) + 2))
#define CR_VALUE	0x0abcde35	/* without field 0, which comparisons use */
#define LR_VALUE	(-0x1104)
#define CTR_VALUE	(-0x1204)
#define XER_VALUE	0xa0000035	/* SO, CA and a number of bytes */
#define TAR_VALUE	(-0x1304)
#define VRSAVE_VALUE	0x1405
#define DSCR_VALUE	0x15
#define SPRG_VALUE(n)	(-0x1601 - (n))
#define FPSCR_VALUE	1		/* rounds towards zero */
#define VSCR_VALUE	0x10001		/* non-Java mode, and saturated */

/* Not compared, for the loop uses them: r16 and r18, r21, r22, r24; vs31 and vs63. */

#endif
