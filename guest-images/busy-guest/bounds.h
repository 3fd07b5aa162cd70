/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CFS bandwidth limit promises, as arithmetic. No I/O, so that the
 * host can test it under sanitizers.
 *
 * All times are microseconds.
 */
#ifndef BUSYGUEST_BOUNDS_H
#define BUSYGUEST_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

struct limit {
	int64_t quota_us;	/* cpu.max, first number */
	int64_t period_us;	/* cpu.max, second number */
	int64_t tick_us;	/* 1/HZ: how late the scheduler may notice */
	int64_t slice_us;	/* sched_cfs_bandwidth_slice_us */
	int64_t cpus;		/* CPUs that the group can use at once */
	int64_t others;		/* CPUs that its tasks can have been on besides */
	int64_t lost_us;	/* how much later a tick comes where the machine loses one */
	int64_t vcpus;		/* tasks that want the CPUs at once */
};

/* How far a group may run past the end of its runtime: docs/judging.md, "The promise". */
int64_t limit_overrun_us(const struct limit *l);

/* The most that a CPU keeps whose tasks have all gone (min_cfs_rq_runtime). */
int64_t limit_kept_us(const struct limit *l);

/*
 * How far usage may be from the quotas of the full periods, on both sides: the
 * overrun, and what CPUs hold for later.
 */
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
 * Usage beyond what a group has been given since it was made with its limit: one
 * quota at once, and one at the end of each period that the kernel has counted.
 */
int64_t limit_debt_since_start_us(const struct limit *l, int64_t usage_us, int64_t nr_periods);

/*
 * How many periods in a row a group may have to pay back what it ran over:
 * it makes no progress in them.
 */
int64_t limit_idle_periods(const struct limit *l);

/*
 * How long a killed group may take to be gone: it pays back, waits at most one
 * period for runtime, its exit may use that up and need the next, and each CPU
 * notices up to a tick late.
 */
int64_t limit_kill_us(const struct limit *l);

/* How late a guest without a limit may notice what the kernel wants of it: two ticks, one of them lost. */
int64_t limit_notice_us(const struct limit *l);

/*
 * The least that a group uses in a window that began while it was throttled,
 * when it always wants more and nobody else needs the CPUs: a quota for every
 * full period, or what its CPUs can do in one that began late; less the slack.
 */
int64_t limit_least_us(const struct limit *l, int64_t elapsed_us);

/*
 * Whether a guest with @vcpus that never pauses shows in @periods periods
 * without a limit that it wants more than the limit allows: only then keeping
 * the limit means something.
 */
bool limit_can_be_shown(const struct limit *l, int64_t vcpus, int64_t periods);

/*
 * The least that a guest counts in @usage_us of CPU time and @periods periods
 * when @count is what can be counted in @count_us: the same, less a 16th and a
 * millisecond a period and CPU for being held back and let go.
 */
int64_t limit_least_count(const struct limit *l, int64_t usage_us, int64_t periods, int64_t count,
			  int64_t count_us);

/*
 * The same of vCPUs that take turns on a CPU, less a quarter instead: a kernel that ends
 * each slice in time (HRTICK) switches every 0.7 ms, and up to 0.1 ms of that are the switch.
 */
int64_t limit_least_count_in_turns(const struct limit *l, int64_t usage_us, int64_t periods,
				   int64_t count, int64_t count_us);

/*
 * The least and the most that throttled_usec of a group on one CPU grows by while
 * it uses @usage_us and always wants more: all the time in which it does not run,
 * but what is told when it ends, after the window, or began before it.
 */
int64_t limit_least_throttled_us(const struct limit *l, int64_t usage_us, int64_t elapsed_us);
int64_t limit_most_throttled_us(const struct limit *l, int64_t usage_us, int64_t elapsed_us);

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
