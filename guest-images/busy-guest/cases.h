/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BUSYGUEST_CASES_H
#define BUSYGUEST_CASES_H

#include "bounds.h"
#include "runner.h"

/* What the command line asked for, and what the kernel says of itself. */
struct test {
	struct limit limit;
	struct workload guest;
	int64_t seconds;
	int64_t kill_deadline_us;
};

#define CASE_COUNT 8

/* Prints the results of all cases. A case that cannot run is SKIP, and so is all that follows. */
void run_cases(const struct test *t);

#endif
