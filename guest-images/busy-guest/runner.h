/* SPDX-License-Identifier: GPL-2.0-only */
/* A process in a group of its own that never pauses: a guest, or a plain loop. */
#ifndef BUSYGUEST_RUNNER_H
#define BUSYGUEST_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "guest.h"
#include "kvm-run.h"
#include "registers.h"
#include "trace.h"
#include "vmm.h"
#include "workload.h"

struct runner {
	struct workload load;
	pid_t pid;
	struct cgroup cg;
	bool owns_group;	/* it goes with the process */
	int64_t first_quota_us;	/* its limit since it was made; below 0: none, or changed */
	void *memory;		/* guest RAM; the loop counts there as well */
	struct guest_report *report;
	struct vmm vmm;		/* RUN_VMM */
	struct kvm_run_watch kvm_run;
	struct trace *trace;	/* the caller's, or NULL: not traced */
};

/*
 * Makes a group with that limit (quota below 0: none), starts the process in
 * it and waits until it counts. Returns false and fills @why on
 * failure; runner_end() must be called in both cases. A guest of QEMU that
 * does not count is started anew a few times, which a diagnostic says. Ends the
 * whole test where the process runs, or QEMU ended, and nothing counts, and
 * where KVM does not enter the guest: that tells nothing of limits.
 */
bool runner_start(struct runner *r, const char *name, const struct workload *load,
		  int64_t quota_us, int64_t period_us, char *why, size_t len);

/* The same in a group of the caller's, which must outlive the process; it is started once. */
bool runner_start_in(struct runner *r, const struct cgroup *cg, const struct workload *load,
		     char *why, size_t len);

/* Gives its group another limit. Returns 0 or -errno. */
int runner_set_max(struct runner *r, int64_t quota_us, int64_t period_us);

/*
 * Waits until waitpid(2) with @options has news of the process; false when
 * that takes until @deadline_us. @status can be NULL.
 */
bool runner_wait(const struct runner *r, int options, int64_t deadline_us, int *status);

/* How often the guest's first vCPU came back to the kernel; -1 when it is not known. */
int64_t runner_exits(const struct runner *r);

/* RUN_VMM: the longest time in KVM_RUN without return to user space; -1: not watched. */
int64_t runner_longest_kvm_run_us(const struct runner *r);

/* How often KVM_RUN has returned to user space, all vCPUs. */
uint64_t runner_returns(const struct runner *r);

/* From now on a return of KVM_RUN for a signal is right: whoever sends one says so before. */
void runner_may_interrupt(struct runner *r);

/* What the guests that have ended, all of the program's, have said of themselves. */
struct guests_seen {
	struct registers_seen registers;
	uint64_t returns;
	uint64_t wrong_returns;
	char first_wrong[160];		/* of the returns */
};

const struct guests_seen *runner_guests(void);

/* Looks at the time of all vCPUs (registers_look()): what is wrong is said with their registers. */
void runner_look(const struct runner *r);

/* Counts of all vCPUs. */
uint64_t runner_progress(const struct runner *r);

/* Why the process, or a vCPU of it, ended by itself; NULL while all run. */
const char *runner_error(const struct runner *r);

/*
 * SIGKILL, lift the limit, reap, remove the group. Safe to call twice. A
 * process that does not die even then ends the whole test; one that had ended
 * by itself gives it up (alive.h).
 */
void runner_end(struct runner *r);

#endif
