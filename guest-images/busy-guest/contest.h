/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The judge for real time: a limited guest against a limited loop and a guest
 * without a limit, in blocks of three short windows in random order, until the
 * answer is certain. docs/judging.md, "In real time".
 */
#ifndef BUSYGUEST_CONTEST_H
#define BUSYGUEST_CONTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cases.h"
#include "evidence.h"

/* Ends undecided after this many blocks. Without a single contrary pair 24 are enough. */
#define CONTEST_BLOCKS		72
/* When one defect is certain, at most so many more for the others. */
#define CONTEST_MORE_BLOCKS	6
/* Blocks in which a process could not be started do not count; so many may be. */
#define CONTEST_VOID_BLOCKS	12

enum arm { ARM_LOOP, ARM_GUEST, ARM_FREE, ARMS };

/* What can be wrong in a window. */
enum defect { OVER_QUOTA, NOT_THROTTLED, IN_DEBT, IDLE, SLOW_DEATH, DEFECTS };

enum decision { UNDECIDED, HOLDS, BROKEN };

/* Over the windows of an arm. */
struct arm_sum {
	int64_t window_us, usage_us, bound_us;
	int64_t nr_periods, nr_throttled, throttled_us;
	int64_t worst_debt_us, debt_bound_us, worst_late_us, worst_idle_periods;
	int64_t latency_us[CONTEST_BLOCKS];
	int64_t death_bound_us;
	uint64_t progress;
	int with[DEFECTS];		/* windows with each */
};

struct contest {
	int blocks, void_blocks;
	int decided_at;			/* blocks when the decision fell, 0 before */
	struct arm_sum sum[ARMS];
	struct evidence worse[DEFECTS];	/* the guest has it, the loop has not */
	struct evidence limited;	/* without a limit the guest goes over, with it it does not */
	char why[200];			/* why the last void block was one */
};

/* Runs blocks until the decision or a cap. Prints the samples of the first guest. */
void contest_run(struct contest *c, const struct test *t);

enum decision contest_decision(const struct contest *c);

/* Whether a defect is the kernel's, beyond doubt. */
bool contest_certain(const struct contest *c, enum defect d);

/* The median time that a killed process of that arm took to be gone. */
int64_t contest_latency_us(const struct contest *c, enum arm arm);

#endif
