// SPDX-License-Identifier: GPL-2.0-only
/* cpu.max.burst: Documentation/scheduler/sched-bwc.rst, "Burst feature". */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"

#define REST_PERIODS	4	/* long enough to save up the whole burst */
#define WATCH_PERIODS	10

/* As much as fits into a period beside the quota, and no more than the quota: the kernel refuses that. */
static int64_t burst_of(const struct limit *l)
{
	int64_t room = l->cpus * l->period_us - l->quota_us;

	return room < l->quota_us ? room : l->quota_us;
}

/* Rests until the group has saved up its burst, then watches it spend that. */
static bool spend_burst(struct runner *r, const struct limit *l, struct unlimited_usage *first,
			struct unlimited_usage *all)
{
	struct unlimited_usage rest;
	bool watched;

	runner_may_interrupt(r);
	kill(r->pid, SIGSTOP);
	if (!runner_wait(r, WUNTRACED, now_us() + limit_kill_us(l), NULL))
		return false;
	watched = observe_unlimited(&rest, r, REST_PERIODS * l->period_us);
	kill(r->pid, SIGCONT);
	watched = watched && observe_unlimited(first, r, l->period_us) &&
		  observe_unlimited(&rest, r, WATCH_PERIODS * l->period_us);
	all->usage_us = first->usage_us + rest.usage_us;
	all->elapsed_us = first->elapsed_us + rest.elapsed_us;
	return watched;
}

static void burst_is_kept(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	int64_t burst = burst_of(l), bound, least;
	struct unlimited_usage first, all;
	char why[200] = "";
	struct runner r;
	int err;

	if (burst <= 2 * limit_slack_us(l)) {
		cases_skip(c, "a burst of this limit cannot be told from its slack");
		return;
	}
	if (!runner_start(&r, c->name, &t->guest, l->quota_us, l->period_us, why, sizeof(why))) {
		cases_fail(c, why);
		runner_end(&r);
		return;
	}
	err = cgroup_set_burst(&r.cg, burst);
	if (err) {
		cases_skip(c, "the kernel has no cpu.max.burst");
	} else if (!spend_burst(&r, l, &first, &all)) {
		cases_fail(c, "the guest did not stop within two periods");
	} else {
		/* The window opens at any time of a period: a quota may be left from before. */
		bound = limit_allowed_us(l, all.elapsed_us) + l->quota_us + burst;
		least = limit_least_us(l, all.elapsed_us) - l->quota_us + burst;
		ktap_metric("usage", all.usage_us, "us");
		ktap_metric("window", all.elapsed_us, "us");
		ktap_metric("bound", bound, "us");
		ktap_metric("least_usage", least, "us");
		ktap_metric("burst", burst, "us");
		ktap_metric("first_period_usage", first.usage_us, "us");
		if (all.usage_us > bound)
			ktap_reason("used %lld us, at most %lld us are allowed",
				    (long long)all.usage_us, (long long)bound);
		else if (all.usage_us < least)
			ktap_reason("used %lld us, at least %lld us should have been possible",
				    (long long)all.usage_us, (long long)least);
		else if (first.usage_us <= l->quota_us + limit_slack_us(l))
			ktap_reason("no burst: %lld us in the first period after a rest",
				    (long long)first.usage_us);
		ktap_result(c->name, all.usage_us <= bound && all.usage_us >= least &&
			    first.usage_us > l->quota_us + limit_slack_us(l));
	}
	runner_end(&r);
}

static const struct test_case cases[] = {
	{ "burst_is_honoured_and_bounded", "burst bug",
	  "What was saved up in a rest may be used once beside the quota, and then no more.",
	  burst_is_kept },
};

const struct case_group burst_cases = CASE_GROUP(cases);
