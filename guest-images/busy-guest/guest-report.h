/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the process that runs a guest tells the one that watches, in memory that
 * both share. No I/O, so that the host can test it under sanitizers.
 */
#ifndef BUSYGUEST_GUEST_REPORT_H
#define BUSYGUEST_GUEST_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct kvm_run;

struct guest_report {
	int state;		/* of the two that follow, which are whole once it says so */
	bool is_fault;		/* a vCPU ended; otherwise something could not be made or opened */
	char error[160];
	int stats_fd;			/* of the first vCPU, as the running process knows it; -1: none */
	uint64_t returns;		/* how often KVM_RUN came back to user space, all vCPUs */
};

/* Why the process cannot go on. vCPUs are threads: what is said first is kept, here and below. */
void report_error(struct guest_report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* vCPU @vcpu was left with an exit that it cannot go on from, by the name that KVM's API has for it. */
void report_vcpu_exit(struct guest_report *report, int vcpu, const struct kvm_run *run);

/* KVM_RUN of vCPU @vcpu failed with @err, an errno. */
void report_vcpu_error(struct guest_report *report, int vcpu, int err);

/* What was said, or NULL. */
const char *report_said(const struct guest_report *report);

#endif
