/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU as the guest's user, in place of our own. Its guest counts in a page of
 * guest memory, which is a file that we share: no exit is needed to see it.
 */
#ifndef BUSYGUEST_VMM_H
#define BUSYGUEST_VMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workload.h"

struct vmm {
	int memory_fd, console_fd, firmware_fd;
	void *memory;
	const volatile uint64_t *count;	/* in guest memory; NULL until it was found */
};

/* Guest memory and what else QEMU needs. False with a reason; vmm_free() in both cases. */
bool vmm_alloc(struct vmm *v, const struct workload *load, char *why, size_t len);
void vmm_free(struct vmm *v);

/* Becomes QEMU. Returns only on an error, which is in errno. */
void vmm_exec(const struct vmm *v, const struct workload *load);

/* Looks for the count, once the guest has said on its console that it counts. */
bool vmm_find_counter(struct vmm *v);

/* How often the guest has counted; 0 before the count was found. */
uint64_t vmm_counter(const struct vmm *v);

/* Whether QEMU has said that KVM_RUN failed, which stops the guest and not QEMU; if so, how. */
bool vmm_has_failed(const struct vmm *v, char *why, size_t len);

/* The last line that QEMU or its guest printed. */
void vmm_last_line(const struct vmm *v, char *line, size_t len);

#endif
