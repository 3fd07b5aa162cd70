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

#define GUEST_MAX_VCPUS 16

/* Guest RAM, shared between the process that watches and the one that runs. */
void *guest_alloc_memory(void);
void guest_free_memory(void *memory);

/* How often vCPU @vcpu has counted. */
uint64_t guest_counter(const void *memory, int vcpu);

/*
 * Creates the VM and runs @vcpus until the process is killed. Every @hcall_us
 * (0: never) a vCPU makes a hypercall that KVM handles without user space.
 * Returns only on an error, which it describes in @why. @stats_fd gets the file
 * of the first vCPU's statistics, or -1 where the kernel has none.
 */
void guest_run(void *memory, int vcpus, int64_t hcall_us, int *stats_fd, char *why, size_t len);

/* How often the vCPU behind @stats_fd came back from the guest; -1 when the kernel does not say. */
int64_t guest_exits(int stats_fd);

/* Whether an HV guest can be made here; if not, why. */
bool guest_probe(char *why, size_t len);

#endif
