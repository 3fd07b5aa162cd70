/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sequential test by pairs of windows that are watched in random order. No
 * I/O, so that the host can test it under sanitizers. docs/judging.md, "In real
 * time", says why its error bound holds.
 */
#ifndef BUSYGUEST_EVIDENCE_H
#define BUSYGUEST_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

/* The promise for a whole job: no status is wrong more often than once in 10^6 jobs. */
#define EVIDENCE_EXPONENT	6

/* Pairs in which one window had a defect and the other had not. */
struct evidence {
	int64_t pro;		/* only the suspect had it */
	int64_t contra;		/* only the reference had it */
};

void evidence_add(struct evidence *e, bool suspect, bool reference);

/*
 * 1000 x log10 of what a gambler would have who began with 1 and staked 95 % of
 * what he had on every pair: by Ville's inequality he has 10^x at any time with a
 * probability of at most 10^-x when both windows are alike.
 */
int64_t evidence_log10_milli(const struct evidence *e);

/* Whether the difference is certain where @tests are made in a job. */
bool evidence_certain(const struct evidence *e, int tests);

/* Whether there is a sign of a difference: odds of 20 to 1. */
bool evidence_suspicious(const struct evidence *e);

#endif
