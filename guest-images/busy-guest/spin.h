/* SPDX-License-Identifier: GPL-2.0-only */
/* What spin.S of every architecture and its reader share: the page of a vCPU. No C here but macros. */
#ifndef BUSYGUEST_SPIN_H
#define BUSYGUEST_SPIN_H

/* Each vCPU has a page of guest memory. */
#define SPIN_PAGE		0x1000
#define SPIN_COUNT		0
#define SPIN_LOST		8	/* how often a register had another value */
/* Set by the host before the guest runs; times are in ticks of the guest's clock. */
#define SPIN_HCALL_TICKS	16	/* between hypercalls, 0: none */
#define SPIN_HCALL		24	/* which */
#define SPIN_CEDE_TICKS		32	/* how long it sleeps, 0: for no other hypercall */
#define SPIN_TICK		40	/* between the host's ticks, 0: not watched */
#define SPIN_DEADLINE		48	/* when one of them is late */
#define SPIN_LATE		56	/* how late that is */
#define SPIN_LOST_TICKS		64	/* how often one did not come */
/* 72 to 103, and all from 0x100 on: the architecture's. */
#define SPIN_TIME		104	/* the clock at the end of a turn */
/* What the host saw when it looked last, and how often the guest's time was wrong (registers_look()). */
#define SPIN_LOOK_COUNT		112
#define SPIN_LOOK_TIME		120
#define SPIN_TIME_WRONG		128
#define SPIN_TIME_OFF		136	/* the first time, how far */
#define SPIN_BLUR		144	/* set by the host: what is not wrong yet */

#endif
