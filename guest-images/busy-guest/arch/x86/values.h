/* SPDX-License-Identifier: GPL-2.0-only */
/* What spin.S and registers.c share: the rest of a vCPU's page, and what registers hold. No C here but macros. */
#ifndef BUSYGUEST_VALUES_H
#define BUSYGUEST_VALUES_H

#include "spin.h"

/* The guest has the address of its page in r15. */
#define SPIN_VMX		72	/* not 0: hypercalls are VMCALL, not VMMCALL */
#define SPIN_SCRATCH		80	/* 16 bytes */
#define SPIN_STACK		96	/* what rsp holds */
#define SPIN_MARKS		152	/* what the FS and the GS segment begin with */
/* All registers at the first loss; rax, rdx, r11 and r13 have no meaning. */
#define SPIN_GPR		0x100
#define SPIN_XMM		0x200
#define SPIN_SPECIAL		0x300

/* As the processor numbers them. */
#define RAX	0
#define RCX	1
#define RDX	2
#define RBX	3
#define RSP	4
#define RBP	5
#define RSI	6
#define RDI	7

/*
 * General register n (and the halves of XMM register n) hold a negative number,
 * so that a loss of upper bits is seen; special ones one that they can hold.
 */
#define GPR_VALUE(n)	(-0x101 * ((n) + 1))
#define XMM_LOW(n)	(-0x13 * ((n) + 2))
#define XMM_HIGH(n)	(-0x11 * ((n) + 1))
#define FS_VALUE	(-0x1104)
#define GS_VALUE	(-0x1204)
#define CR2_VALUE	(-0x1304)
#define MXCSR_VALUE	0x7fbf		/* rounds towards zero, and all exceptions have been */
#define FCW_VALUE	0x0c7f		/* the same of the x87's */
#define RFLAGS_VALUE	0x200400	/* ID and DF */
#define RFLAGS_MASK	0x247700	/* without those of comparisons, and RF */

/* Not compared, for the loop uses them: rax and rdx, r11, r13; xmm15. */

#endif
