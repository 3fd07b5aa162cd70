// SPDX-License-Identifier: GPL-2.0-only
/* A guest with more than one vCPU, whatever the others have. */
#include "cases.h"
#include "clock.h"
#include "ktap.h"

/*
 * Each vCPU's thread has to be stopped by work of its own. On one CPU, so that
 * every machine can do it, and the bounds are those of one.
 */
static void two_vcpus_on_a_cpu(const struct test *t, const struct test_case *c)
{
	struct limit l = t->limit;
	struct workload load = t->guest;

	if (!time_is_virtual()) {
		cases_skip(c, "in real time one window proves nothing; a test with vcpus: 2 does");
		return;
	}
	if (l.quota_us >= l.period_us - l.tick_us) {
		cases_skip(c, "on one CPU nothing would be limited");
		return;
	}
	load.kind = RUN_GUEST;
	load.vcpus = l.vcpus = 2;
	load.pinned = true;
	l.cpus = 1;
	l.others = 0;
	cases_watch_guest(c, &l, &load);
}

static const struct test_case cases[] = {
	{ "two_vcpus_obey_quota", "basic bug virtual",
	  "Every vCPU has a thread, and each of them has to be held back: a fix for the first alone leaves the others.",
	  two_vcpus_on_a_cpu },
};

const struct case_group vcpus_cases = CASE_GROUP(cases);
