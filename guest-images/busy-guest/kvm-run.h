/* SPDX-License-Identifier: GPL-2.0-only */
/* How long a vCPU's thread stays in KVM_RUN: what strace shows (ptrace(2)). */
#ifndef BUSYGUEST_KVM_RUN_H
#define BUSYGUEST_KVM_RUN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct kvm_run_watch {
	pthread_t thread;
	pid_t tid;		/* of the first vCPU */
	bool running;
	int64_t entered_us;	/* CLOCK_MONOTONIC; 0 while outside of KVM_RUN */
	int64_t longest_us;
};

/* Begins to watch the first vCPU of a QEMU that was started with debug-threads=on. */
bool kvm_run_watch(struct kvm_run_watch *w, pid_t qemu);

/* The longest stay so far, the present one included. */
int64_t kvm_run_longest_us(const struct kvm_run_watch *w);

/* After the process is gone. */
void kvm_run_end(struct kvm_run_watch *w);

#endif
