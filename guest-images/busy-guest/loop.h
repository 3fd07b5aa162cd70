/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest is compared with: a process whose threads count in memory for ever. */
#ifndef BUSYGUEST_LOOP_H
#define BUSYGUEST_LOOP_H

#include <stdint.h>

#include "workload.h"

/* Counts in @memory with as many threads as @load has vCPUs. Returns only when a thread cannot be made. */
void loop_run(void *memory, const struct workload *load);

/* How often thread @i has counted. */
uint64_t loop_counter(const void *memory, int i);

#endif
