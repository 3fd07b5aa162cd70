// SPDX-License-Identifier: GPL-2.0-only
/* What else runs on the machine. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>

#include "alive.h"
#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"

#define RT_PERIODS	2	/* of sched_rt_period_us and of the fair server: a second */
#define RT_PERIOD_US	1000000
#define WATCH_PERIODS	10

static struct observation observation;

/* A real-time loop on every CPU, below the watcher, for two seconds. */
static bool endure(const struct test *t, const struct runner *guest, uint64_t *progress, char *why,
		   size_t len)
{
	struct workload loops = { .kind = RUN_LOOP, .vcpus = t->cpus_online };
	struct sched_param fifo = { .sched_priority = WATCHER_PRIORITY - 1 };
	struct runner neighbour;
	bool endured;

	endured = runner_start(&neighbour, "realtime", &loops, -1, t->limit.period_us, why, len) &&
		  !sched_setscheduler(neighbour.pid, SCHED_FIFO, &fifo);
	*progress = runner_progress(guest);
	endured = endured && sleep_until_us(now_us() + RT_PERIODS * RT_PERIOD_US);
	*progress = runner_progress(guest) - *progress;
	endured = endured && runner_is_alive(&neighbour);
	runner_end(&neighbour);
	return endured;
}

static void realtime_neighbour(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	struct observation *o = &observation;
	char why[200] = "";
	struct runner r;
	uint64_t progress;

	if (!runner_start(&r, c->name, &t->guest, l->quota_us, l->period_us, why, sizeof(why)) ||
	    !endure(t, &r, &progress, why, sizeof(why)) || !observe(o, &r, l, WATCH_PERIODS)) {
		cases_fail(c, why);
		runner_end(&r);
		return;
	}
	runner_end(&r);
	ktap_metric("progress_beside", progress, "count");
	if (!progress)
		ktap_reason("the guest did nothing in two seconds beside a real-time loop");
	ktap_result(c->name, judge_guest(l, o) && progress);
}

static const struct test_case cases[] = {
	{ "guest_beside_realtime_loop", "neighbours bug",
	  "A real-time task leaves the guest its few percent, and what it missed must not be made up for later.",
	  realtime_neighbour },
};

const struct case_group neighbours_cases = CASE_GROUP(cases);
