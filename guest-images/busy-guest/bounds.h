/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CFS bandwidth limit promises, as arithmetic. No I/O, so that the
 * host can test it under sanitizers.
 *
 * All times are microseconds.
 */
#ifndef BUSYGUEST_BOUNDS_H
#define BUSYGUEST_BOUNDS_H

#include <stdint.h>

struct limit {
	int64_t quota_us;	/* cpu.max, first number */
	int64_t period_us;	/* cpu.max, second number */
	int64_t tick_us;	/* 1/HZ: how late the scheduler may notice */
	int64_t slice_us;	/* sched_cfs_bandwidth_slice_us */
	int64_t cpus;		/* CPUs that the group can use at once */
};

/* The slack of a CPU: see docs/judging.md for the derivation. */
int64_t limit_slack_us(const struct limit *l);

/*
 * The most that a group may use in a window of @elapsed_us that began while
 * it was throttled: every full period refills one quota, and in the part of
 * a period that is left the group can use at most that part on every CPU.
 */
int64_t limit_allowed_us(const struct limit *l, int64_t elapsed_us);

/* Usage beyond quota x elapsed periods; negative when there is runtime left. */
int64_t limit_debt_us(const struct limit *l, int64_t usage_us, int64_t elapsed_us);

/*
 * How many periods in a row a group may have to pay back what it ran over:
 * it makes no progress in them.
 */
int64_t limit_idle_periods(const struct limit *l);

/*
 * How long a killed group may take to be gone: it waits at most one period for
 * runtime, its exit may use that up and need the next, and each CPU notices up
 * to a tick late.
 */
int64_t limit_kill_us(const struct limit *l);

/* How late a guest without a limit may notice what the kernel wants of it: two ticks. */
int64_t limit_notice_us(const struct limit *l);

/*
 * The least that a group uses in a window that began while it was throttled,
 * when it always wants more and nobody else needs the CPUs: a quota for every
 * full period but the last, which may have begun late; less what it had to
 * pay back, and what its CPUs hold for later.
 */
int64_t limit_least_us(const struct limit *l, int64_t elapsed_us);

/* What of the demand others may take: the accounting's resolution, one tick a CPU and period. */
int64_t limit_lost_us(const struct limit *l, int64_t periods);

/*
 * A debt that leaves nothing to ask: it is beyond the slack, and paying it back
 * keeps a killed process ten times as long as it may take.
 */
int64_t limit_hopeless_debt_us(const struct limit *l);

/* How much a guest with @vcpus that never pauses wants to use. */
int64_t limit_demand_us(const struct limit *l, int64_t vcpus, int64_t elapsed_us);

#endif
