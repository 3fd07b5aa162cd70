/* SPDX-License-Identifier: GPL-2.0-only */
/* A process in a group of its own that never pauses: a guest, or a plain loop. */
#ifndef BUSYGUEST_RUNNER_H
#define BUSYGUEST_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"

enum runner_kind { RUN_GUEST, RUN_LOOP };

/* What to run. */
struct workload {
	enum runner_kind kind;
	int vcpus;		/* loop: threads */
	int64_t hcall_us;	/* guest: time between hypercalls, 0 for none */
};

struct runner {
	struct workload load;
	pid_t pid;
	struct cgroup cg;
	void *memory;		/* guest RAM; the loop counts there as well */
	struct runner_shared *shared;
};

/*
 * Makes a group with that limit (quota below 0: none), starts the process in
 * it and waits until it counts. Returns false and fills @why on
 * failure; runner_end() must be called in both cases.
 */
bool runner_start(struct runner *r, const char *name, const struct workload *load,
		  int64_t quota_us, int64_t period_us, char *why, size_t len);

/* How often the guest's first vCPU came back to the kernel; -1 when it is not known. */
int64_t runner_exits(const struct runner *r);

/* Counts of all vCPUs. */
uint64_t runner_progress(const struct runner *r);

/* Why the process ended by itself, or NULL while it runs. */
const char *runner_error(const struct runner *r);

/* SIGKILL, lift the limit, reap, remove the group. Safe to call twice. */
void runner_end(struct runner *r);

#endif
