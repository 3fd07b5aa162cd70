/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BUSYGUEST_CLOCK_H
#define BUSYGUEST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* CLOCK_MONOTONIC in microseconds. */
int64_t now_us(void);

/* Sleeps until @at_us on that clock. Returns false when asked to stop. */
bool sleep_until_us(int64_t at_us);

/*
 * The machine's time counts instructions (QEMU -icount), so nothing comes late
 * in it. Otherwise it is real time, in which whatever is below the kernel (a
 * hypervisor, an emulator and its host) can take a CPU away unseen.
 */
void clock_is_virtual(void);
bool time_is_virtual(void);

/*
 * The same as sleep_until_us(), and in real time the longest that a timer came
 * late meanwhile, if it is longer than *@late_us. The tick is such a timer: so
 * late a task can be throttled.
 */
bool watch_until_us(int64_t at_us, int64_t *late_us);

/* Set by SIGINT, SIGTERM and stop_now(): everything ends at the next sleep and cleans up. */
bool stop_requested(void);
void stop_on_signals(void);
void stop_now(void);

/* The scheduler's tick, 1/HZ: the resolution of CLOCK_MONOTONIC_COARSE (kernel/time/posix-timers.c). */
int64_t tick_us(void);

#endif
