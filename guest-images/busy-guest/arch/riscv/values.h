/* SPDX-License-Identifier: GPL-2.0-only */
/* What spin.S and registers.c share: the rest of a vCPU's page, and what registers hold. No C here but macros. */
#ifndef BUSYGUEST_VALUES_H
#define BUSYGUEST_VALUES_H

#include "spin.h"

/* The guest has the address of its page in x8. */
#define SPIN_SSTC		72	/* not 0: the guest can set its timer itself */
/* All registers at the first loss; x18 and x21 to x23 have no meaning. */
#define SPIN_GPR		0x100
#define SPIN_FLOAT		0x200
#define SPIN_SPECIAL		0x300

/* What no KVM answers itself: SBI, chapter "Experimental SBI Extension Space". */
#define SBI_EXPERIMENTAL	0x08000000

/*
 * General register n and floating point register n hold a negative number of 12 bits,
 * so that a loss of upper bits is seen; special ones one that they can hold.
 */
#define GPR_VALUE(n)		(-61 * ((n) + 1))
#define FLOAT_VALUE(n)		(-59 * ((n) + 2))
#define FCSR_VALUE		0x35		/* rounds towards zero, and some exceptions have been */
#define SSCRATCH_VALUE		(-0x104)
#define STVEC_VALUE		(-0x204)
#define SEPC_VALUE		(-0x304)
#define SCAUSE_VALUE		5
#define STVAL_VALUE		(-0x404)
#define SIE_VALUE		0x20		/* the timer's interrupt ends WFI, though none are taken */

/* Not compared, for the loop uses them: x18, x21, x22 and x23. */

#endif
