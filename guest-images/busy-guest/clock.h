/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BUSYGUEST_CLOCK_H
#define BUSYGUEST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* CLOCK_MONOTONIC in microseconds. */
int64_t now_us(void);

/* Sleeps until @at_us on that clock. Returns false when asked to stop (SIGINT, SIGTERM). */
bool sleep_until_us(int64_t at_us);

/* Set by SIGINT and SIGTERM: everything ends at the next sleep and cleans up. */
bool stop_requested(void);
void stop_on_signals(void);

/* The scheduler's tick, 1/HZ: the resolution of CLOCK_MONOTONIC_COARSE (kernel/time/posix-timers.c). */
int64_t tick_us(void);

#endif
