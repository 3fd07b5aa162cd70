/* SPDX-License-Identifier: GPL-2.0-only */
/* What runs in a limited group. */
#ifndef BUSYGUEST_WORKLOAD_H
#define BUSYGUEST_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

/* RUN_VMM: a guest of QEMU. */
enum workload_kind { RUN_GUEST, RUN_LOOP, RUN_VMM };

/* The hypercall that a guest makes now and then. */
enum guest_hcall {
	HCALL_IN_KERNEL,		/* KVM answers it itself */
	HCALL_TO_USER,			/* KVM_RUN returns to user space */
	HCALL_CEDE,			/* sleeps in the kernel until the guest's timer fires */
};

struct workload {
	enum workload_kind kind;
	int vcpus;			/* loop: threads */
	int64_t hcall_us;		/* guest: time between hypercalls, 0 for none */
	enum guest_hcall hcall;
	int64_t lost_tick_us;		/* guest: a hypercall where a tick is so late; 0: not watched */
	int64_t cede_us;		/* HCALL_CEDE: how long it sleeps */
	bool negate_timer;		/* HCALL_CEDE: the hypervisor below negates what is left in the guest's timer */
	bool nested;			/* guest: runs a guest of its own, which spins; one vCPU */
	const char *vmm;		/* RUN_VMM: the QEMU to run */
	bool vmm_linux;			/* its guest is Linux, else a bare one */
	const char *vmm_files;		/* folder with vmlinux and initrd of the Linux guest */
	bool pinned;			/* stays on the CPU that it starts on */
	/* Called in the process when all files are open and before anything runs; can be NULL. */
	void (*before)(void *arg);
	void *before_arg;
};

#endif
