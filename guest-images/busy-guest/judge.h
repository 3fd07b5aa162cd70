/* SPDX-License-Identifier: GPL-2.0-only */
/* What a limited group has to show, as metrics, reasons and a yes or no. */
#ifndef BUSYGUEST_JUDGE_H
#define BUSYGUEST_JUDGE_H

#include <stdbool.h>

#include "bounds.h"
#include "observe.h"

/* The metrics of a window: usage, bound, ratio, periods. */
void report_usage(const struct limit *l, const struct observation *o);

/*
 * Prints the metrics of the window, and the reason when the limit was not kept
 * in it: usage and debt within the bounds, time throttled, progress in every
 * period but those that pay back, and at least @least_us used.
 */
bool judge_limit(const struct limit *l, const struct observation *o, int64_t least_us);

/* Prints @latency_us and its bound as metrics, and the reason when it is longer. */
bool judge_latency(const char *metric, int64_t latency_us, int64_t bound_us);

#endif
