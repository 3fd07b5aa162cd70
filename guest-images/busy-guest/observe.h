/* SPDX-License-Identifier: GPL-2.0-only */
/* Watching a limited group: cpu.stat once a period, from a point where it was out of runtime. */
#ifndef BUSYGUEST_OBSERVE_H
#define BUSYGUEST_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "bounds.h"
#include "cgroup.h"
#include "runner.h"

struct sample {
	int64_t t_us;		/* since the window opened */
	struct cpu_stat stat;	/* since the window opened */
	struct trace_runtime runtime;	/* where it is traced */
};

#define MAX_SAMPLES 8192

struct observation {
	int64_t start_us;	/* when the window opened, CLOCK_MONOTONIC */
	bool aligned;		/* it opened while the group was throttled */
	int64_t edge_us;	/* how long it may still have run on what was left from before */
	int64_t late_us;	/* longest that a timer came late; 0 in virtual time */
	int64_t reading_late_us;	/* longest that a sample came late, in either time */
	struct cpu_stat start;
	struct trace_runtime start_runtime;
	struct sample samples[MAX_SAMPLES];
	int count;
	int64_t worst_debt_us;
	uint64_t start_progress;
	uint64_t progress;	/* counts in the window */
	int idle_periods;	/* most periods in a row in which the guest did not count */
};

/*
 * Watches @r for @periods periods, and before that until it is throttled for
 * the first time, or for 8 periods. A window whose debt is beyond its bound by a
 * tick or less, or whose usage is a quota or less below the least, is followed by
 * another, twice at most: the last counts. Returns
 * false when asked to stop, and when @r has ended by itself (alive.h), as all
 * that follow.
 */
bool observe(struct observation *o, const struct runner *r, const struct limit *l,
	     int64_t periods);

/* The same, but no longer than until the debt is @enough_us: more would not say more. */
bool observe_until(struct observation *o, const struct runner *r, const struct limit *l,
		   int64_t periods, int64_t enough_us);

/*
 * Watches a group that has no limit for @periods periods of @l, without looking
 * for a start.
 */
bool observe_free(struct observation *o, const struct runner *r, const struct limit *l,
		  int64_t periods);

/* The most that the group may have used in the window. */
int64_t observe_bound_us(const struct observation *o, const struct limit *l);

/* The most that it may be beyond its quota at any time in the window. */
int64_t observe_debt_bound_us(const struct observation *o, const struct limit *l);

/* One more reading, now. */
const struct sample *observe_now(struct observation *o, const struct runner *r);

/*
 * SIGKILL; returns the CPU time, in us, that the process without a limit used from when it counted no
 * more until it was reaped, or for a second. runner_end() must follow.
 */
int64_t observe_teardown_us(struct runner *r);

/* How a killed process ended. */
struct death {
	bool dead;		/* in time; otherwise its limit had to be lifted */
	int64_t latency_us;	/* from SIGKILL to reaped, or to the deadline */
};

/* SIGKILL, then a sample a period until @r is reaped or @deadline_us have passed. Ends @r. */
struct death observe_death(struct observation *o, struct runner *r, int64_t period_us,
			   int64_t deadline_us);

/* The last sample: usage, throttling and length of the window. */
const struct sample *observe_last(const struct observation *o);

/* Prints samples from @first to before @end as KTAP diagnostics. */
void observe_print(const struct observation *o, const char *phase, int first, int end);

/*
 * Usage of a group without a limit in @us, and the counts made in it. Returns
 * false as observe() does.
 */
struct unlimited_usage {
	int64_t elapsed_us;
	int64_t usage_us;
	uint64_t progress;
};

bool observe_unlimited(struct unlimited_usage *u, const struct runner *r, int64_t us);

#endif
