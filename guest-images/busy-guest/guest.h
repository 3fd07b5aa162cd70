/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small user of /dev/kvm (Documentation/virt/kvm/api.rst): a guest whose
 * vCPUs count in memory for ever and never exit to user space by themselves.
 */
#ifndef BUSYGUEST_GUEST_H
#define BUSYGUEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest-report.h"
#include "workload.h"

#define GUEST_MAX_VCPUS 16

/* Guest RAM, shared between the process that watches and the one that runs. */
void *guest_alloc_memory(void);
void guest_free_memory(void *memory);

/* How often vCPU @vcpu has counted. */
uint64_t guest_counter(const void *memory, int vcpu);

/* The page in which vCPU @vcpu keeps its account (spin.h). */
const void *guest_page(const void *memory, int vcpu);

/*
 * Looks when the host's ticks come, for guests of loads with a lost_tick_us.
 * Takes a tick.
 */
void guest_learn_ticks(void);

/*
 * Creates the VM and runs @load's vCPUs until the process is killed. Returns
 * only on an error, which it describes in @report; one of another vCPU than the
 * first is described there and ends that vCPU alone.
 */
void guest_run(void *memory, const struct workload *load, struct guest_report *report);

/* How often the vCPU behind @stats_fd came back from the guest; -1 when the kernel does not say. */
int64_t guest_exits(int stats_fd);

/* Why guests cannot run guests of their own here; NULL: they can. */
const char *guest_lacks_nesting(void);

/* How KVM runs guests here (arch_create_vm()); NULL when it cannot, and why. */
const char *guest_probe(char *why, size_t len);

#endif
