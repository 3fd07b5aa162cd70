/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler's own account of a limited group: cfs_rq->runtime_remaining,
 * read by probes in tracefs (Documentation/trace/kprobetrace.rst).
 */
#ifndef BUSYGUEST_TRACE_H
#define BUSYGUEST_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroup.h"
#include "trace-offsets.h"

/* The group's account when cpu.stat was read. */
struct trace_runtime {
	bool known;
	int64_t remaining_ns;	/* cfs_rq->runtime_remaining */
	int64_t pool_ns;	/* what no CPU has taken yet */
	int64_t at_us;		/* when, CLOCK_MONOTONIC */
};

/* throttle_cfs_rq() or unthrottle_cfs_rq() was called for the group. */
struct trace_event {
	bool throttle;
	int64_t at_us;		/* CLOCK_MONOTONIC */
	int64_t remaining_ns;
};

#define TRACE_MAX_EVENTS 4096

struct trace {
	char instance[160];	/* tracefs folder of our own ring buffer */
	int pipe;
	const char *by;		/* how the probes find the members */
	struct trace_offsets offsets;
	uint64_t tg, cfs_rq;	/* the group's; 0 while not known */
	struct trace_event events[TRACE_MAX_EVENTS];
	int count;
	struct trace_runtime last;
};

/*
 * Sets the probes. @given: offsets for a kernel without BTF, or NULL. Returns
 * false and a reason when this kernel cannot be traced; trace_close() must be
 * called in both cases.
 */
bool trace_open(struct trace *t, const struct trace_offsets *given, char *why, size_t len);

/*
 * Waits until @cg has been throttled for the first time, which shows where its
 * cfs_rq is, and from then on samples it at every reading of @cg's cpu.stat.
 */
bool trace_group(struct trace *t, const struct cgroup *cg, int64_t wait_us, char *why, size_t len);

/* Takes in what was traced so far. @runtime: at the last reading of cpu.stat since the last call. */
void trace_read(struct trace *t, struct trace_runtime *runtime);

/* How often the function was called for the group since a time of CLOCK_MONOTONIC. */
int trace_count(const struct trace *t, bool throttle, int64_t from_us);

/* Removes the probes. Safe to call twice. */
void trace_close(struct trace *t);

#endif
