// SPDX-License-Identifier: GPL-2.0-only
#include <pthread.h>

#include "loop.h"

#define COUNTER_STRIDE 128	/* a cache line each */

static void *count_for_ever(void *count_at)
{
	volatile uint64_t *count = count_at;

	/* As long as the guest's loop, for the same reason. */
	for (;;) {
		(*count)++;
		asm volatile(".rept 1000\n\tnop\n\t.endr");
	}
	return NULL;
}

static void *counter_at(const void *memory, int i)
{
	return (char *)memory + i * COUNTER_STRIDE;
}

uint64_t loop_counter(const void *memory, int i)
{
	return *(volatile uint64_t *)counter_at(memory, i);
}

void loop_run(void *memory, const struct workload *load)
{
	if (load->before)
		load->before(load->before_arg);
	for (int i = 1; i < load->vcpus; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, count_for_ever, counter_at(memory, i)))
			return;
	}
	count_for_ever(counter_at(memory, 0));
}
