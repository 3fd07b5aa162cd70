/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest says of its own registers (spin.S). No I/O, so that the host can
 * test it under sanitizers.
 */
#ifndef BUSYGUEST_REGISTERS_H
#define BUSYGUEST_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

/* Over all guests that were read. */
struct registers_seen {
	uint64_t turns;		/* in each of which all registers were compared */
	uint64_t lost;		/* turns in which one had another value, and looks at a wrong time */
	uint64_t lost_ticks;	/* hypercalls because a tick did not come */
	char first[120];	/* the first loss: whose, which register, its value */
};

/*
 * Looks whether the guest's clock is the host's, which @clock reads: a new guest
 * has no offset. Where the guest has counted since the last look, the time that
 * it has read last is between both. Cheap, to be called now and then.
 */
void registers_look(void *page, uint64_t (*clock)(void));

struct arch_register;

/*
 * What a general register has to hold for arch_register(): @value, or where it has none (@has_value) the copy of it in
 * @page at @copy; with @copy 0 as well nothing, and it is not compared.
 */
void registers_general(struct arch_register *reg, const void *page, bool has_value, int64_t value,
		       int copy);

/* Adds what is in @page of the vCPU that is called @who. */
void registers_add(struct registers_seen *seen, const void *page, const char *who);

#endif
