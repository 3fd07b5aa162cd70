/* SPDX-License-Identifier: GPL-2.0-only */
/* What a limited group has to show, as metrics, reasons and a yes or no. */
#ifndef BUSYGUEST_JUDGE_H
#define BUSYGUEST_JUDGE_H

#include <stdbool.h>

#include "bounds.h"
#include "observe.h"

/* The metrics of a window: usage, bound, ratio, periods. */
void report_usage(const struct limit *l, const struct observation *o);

/* Whether a usage is within its bounds; prints the reason when it is not. All in us. */
bool judge_usage(int64_t usage_us, int64_t bound_us, int64_t least_us);

/* The same of the window's worst debt. */
bool judge_debt(const struct limit *l, const struct observation *o);

/*
 * Prints the metrics of the window, and the reason when the limit was not kept
 * in it: usage and debt within the bounds, time throttled, progress in every
 * period but those that pay back, and at least @least_us used.
 */
bool judge_limit(const struct limit *l, const struct observation *o, int64_t least_us);

/*
 * What a guest, and a plain loop, count in the CPU time that they use where
 * nothing holds them back: said by the controls, asked by judge_work().
 */
void judge_by_work(uint64_t count, int64_t usage_us);

/*
 * Whether the guest counted as much for its CPU time as the better of those,
 * less what limit_least_count() allows, or limit_least_count_in_turns() where
 * its vCPUs share a CPU. Prints the metrics, and the reason when it did not. True
 * where no control has said anything.
 */
bool judge_work(const struct limit *l, const struct observation *o);

/* judge_limit() and judge_work() of a guest that always wants more and never leaves the kernel. */
bool judge_guest(const struct limit *l, const struct observation *o);

/*
 * CPU time in us that the kernel needs to take a killed guest apart: said by the control, asked by
 * judge_kill_us(). 96 ms were seen (docs/judging.md), three times a usual quota.
 */
void judge_by_teardown(int64_t us);

/* The longest that a killed guest may take: limit_kill_us(), and the periods that pay for its end. */
int64_t judge_kill_us(const struct limit *l);

/* Prints @latency_us and its bound as metrics, and the reason when it is longer. */
bool judge_latency(const char *metric, int64_t latency_us, int64_t bound_us);

#endif
