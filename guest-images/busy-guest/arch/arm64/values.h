/* SPDX-License-Identifier: GPL-2.0-only */
/* What spin.S and registers.c share: the rest of a vCPU's page, and what registers hold. No C here but macros. */
#ifndef BUSYGUEST_VALUES_H
#define BUSYGUEST_VALUES_H

#include "spin.h"

/* The guest has the address of its page in x28. */
#define SPIN_SCRATCH		80	/* 16 bytes */
/* All registers at the first loss; x21 to x23 and x26 have no meaning. */
#define SPIN_GPR		0x100
#define SPIN_VECTOR		0x200
#define SPIN_SPECIAL		0x400

#define TABLE			0x1000		/* of the guest's addresses, in its memory */
#define SCTLR			0x30d01805	/* MMU, both caches, and what has to be 1 */

/* Where a store goes to user space: there is no memory. */
#define NOWHERE			0x40000000

/*
 * General register n (31: SP) and the halves of vector register n hold a negative number,
 * so that a loss of upper bits is seen; special ones one that they can hold.
 */
#define GPR_VALUE(n)		(-0x101 * ((n) + 1))
#define VECTOR_LOW(n)		(-0x13 * ((n) + 2))
#define VECTOR_HIGH(n)		(-0x11 * ((n) + 1))
#define NZCV_VALUE		0xa0000000
#define DAIF_VALUE		0x3c0		/* all interrupts off */
#define FPCR_VALUE		0x00c00000	/* rounds towards zero */
#define FPSR_VALUE		0x08000000	/* saturated */
#define SP_EL0_VALUE		(-0x1200)
#define TPIDR_EL0_VALUE		(-0x1304)
#define TPIDRRO_EL0_VALUE	(-0x1404)
#define TPIDR_EL1_VALUE		(-0x1504)
#define ELR_EL1_VALUE		(-0x1604)
#define FAR_EL1_VALUE		(-0x1704)
#define VBAR_EL1_VALUE		(-0x1800)
#define CONTEXTIDR_EL1_VALUE	0x1904

/* Not compared, for the loop uses them: x21, x22, x23 and x26; v31. */

#endif
