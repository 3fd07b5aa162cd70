/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the process that runs a guest tells the one that watches, in memory that
 * both share. No I/O, so that the host can test it under sanitizers.
 */
#ifndef BUSYGUEST_GUEST_REPORT_H
#define BUSYGUEST_GUEST_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GUEST_REPORT_VCPUS 16

struct kvm_run;

struct guest_report {
	int state;		/* of the two that follow, which are whole once it says so */
	bool is_fault;		/* a vCPU ended; otherwise something could not be made or opened */
	char error[160];
	int stats_fd;			/* of the first vCPU, as the running process knows it; -1: none */
	uint64_t returns;		/* how often KVM_RUN came back to user space, all vCPUs */
	uint64_t interrupted;		/* how often of these for a signal */
	uint64_t wrong_returns;		/* how often otherwise than the API says */
	int wrong_state;		/* of what follows, as above */
	char wrong[120];		/* the first of them */
	bool may_interrupt;		/* the watcher has sent a signal, or something that acts like one */
	pid_t tids[GUEST_REPORT_VCPUS];	/* threads of the vCPUs, 0 before they run */
};

/* One return from KVM_RUN, as the thread sees it. */
struct kvm_return {
	int err;			/* 0, or errno */
	uint32_t exit_reason;		/* KVM_RETURN_UNSET where KVM_RUN has left it as it was */
	bool ran;			/* the guest has counted meanwhile */
	int64_t signal_exits;		/* what KVM's own counter went up by; -1: not known */
};

/* No exit reason of KVM's; written before each KVM_RUN. */
#define KVM_RETURN_UNSET 0xb5f00dU

/*
 * Counts a return, and keeps what is wrong with the first that is
 * (Documentation/virt/kvm/api.rst, KVM_RUN): EINTR without a signal, or without
 * KVM_EXIT_INTR in kvm_run, or not counted once in signal_exits.
 */
void report_return(struct guest_report *report, int vcpu, const struct kvm_return *ret);

/* What was wrong with a return, or NULL. */
const char *report_wrong_return(const struct guest_report *report);

/* Why the process cannot go on. vCPUs are threads: what is said first is kept, here and below. */
void report_error(struct guest_report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The same of something that has failed and says why in errno. Returns false. */
bool report_errno(struct guest_report *report, const char *what);

/* vCPU @vcpu was left with an exit that it cannot go on from, by the name that KVM's API has for it. */
void report_vcpu_exit(struct guest_report *report, int vcpu, const struct kvm_run *run);

/* KVM_RUN of vCPU @vcpu failed with @err, an errno. */
void report_vcpu_error(struct guest_report *report, int vcpu, int err);

/* What a process leaves behind as it goes on. */
struct trail {
	int64_t exits;		/* of the first vCPU from the guest; -1: not known */
	uint64_t count;		/* of all vCPUs */
	int64_t cpu_us;		/* CPU time of the process */
	bool runnable;		/* it wants a CPU */
};

/*
 * Whether the kernel is to blame for a guest's process that was killed before @before and
 * is still there @us later, at @after; @why says how then. It is where the guest was
 * entered again and again with the signal pending, or where the process uses the CPU and
 * the guest does not run. A guest that the machine never interrupts does neither.
 */
bool report_survivor(const struct trail *before, const struct trail *after, int64_t us, char *why,
		     size_t len);

/*
 * Whether the scheduler is to blame instead: the process, which has no limit any more, wants a CPU and
 * gets none. So for a plain loop, too.
 */
bool report_starved(const struct trail *before, const struct trail *after, int64_t us, char *why,
		    size_t len);

/*
 * Whether KVM is to blame for a guest that has not counted @us after its process
 * was started, at @after; @why says how then: a vCPU's thread was in KVM_RUN and used
 * the CPU, but the guest did not run.
 */
bool report_never_entered(const struct guest_report *report, const struct trail *after, int64_t us,
			  char *why, size_t len);

/* What was said, or NULL. */
const char *report_said(const struct guest_report *report);

#endif
