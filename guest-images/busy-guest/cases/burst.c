// SPDX-License-Identifier: GPL-2.0-only
/* cpu.max.burst: Documentation/scheduler/sched-bwc.rst, "Burst feature". */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "alive.h"
#include "arch.h"
#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"

#define REST_PERIODS	10
/* A group that does nothing for two periods saves up no more: its timer is stopped. */
#define NUDGE_US	2000
#define WATCH_PERIODS	10
#define POLL_US		1000

/* As much as fits into a period beside the quota, and no more than the quota: the kernel refuses that. */
static int64_t burst_of(const struct limit *l)
{
	int64_t room = l->cpus * l->period_us - l->quota_us;

	return room < l->quota_us ? room : l->quota_us;
}

static bool stop(const struct runner *r, const struct limit *l)
{
	bool stopped;

	kill(r->pid, SIGSTOP);
	stopped = runner_wait(r, WUNTRACED, now_us() + limit_kill_us(l), NULL);
	return runner_is_alive(r) && stopped;
}

/* Saves up the whole burst, and more where nothing bounds it: the group does a little in each period. */
static bool rest(struct runner *r, const struct limit *l)
{
	runner_may_interrupt(r);
	if (!stop(r, l))
		return false;
	for (int i = 0; i < REST_PERIODS; i++) {
		if (!sleep_until_us(now_us() + l->period_us - NUDGE_US))
			return false;
		kill(r->pid, SIGCONT);
		sleep_until_us(now_us() + NUDGE_US);
		if (!stop(r, l))
			return false;
	}
	return true;
}

/* Until a period ends: the group has all that it may have, and the next refill is a period away. */
static bool wait_for_period(const struct runner *r, const struct limit *l)
{
	int64_t end = now_us() + 2 * l->period_us;
	struct cpu_stat first, st;

	cgroup_read_stat(&r->cg, &first);
	do {
		if (!sleep_until_us(now_us() + POLL_US))
			return false;
		cgroup_read_stat(&r->cg, &st);
	} while (st.nr_periods == first.nr_periods && now_us() < end);
	return st.nr_periods != first.nr_periods;
}

struct spending {
	struct unlimited_usage first;	/* the period after the rest, less the moments at its ends */
	struct unlimited_usage all;
};

static bool spend(struct runner *r, const struct limit *l, struct spending *s)
{
	struct unlimited_usage more;
	bool watched;

	kill(r->pid, SIGCONT);
	watched = observe_unlimited(&s->first, r, l->period_us - 2 * POLL_US) &&
		  observe_unlimited(&more, r, WATCH_PERIODS * l->period_us);
	s->all.usage_us = s->first.usage_us + more.usage_us;
	s->all.elapsed_us = s->first.elapsed_us + more.elapsed_us;
	return watched;
}

static void judge_burst(const struct test_case *c, const struct limit *l, int64_t burst,
			const struct spending *s)
{
	int64_t slack = limit_slack_us(l);
	int64_t first = s->first.usage_us, usage = s->all.usage_us;
	int64_t most_first = l->quota_us + burst + slack;
	int64_t least_first = l->quota_us + burst - slack;
	/* The first quota is there at once, and the others come as after a window's opening. */
	int64_t bound = limit_allowed_us(l, s->all.elapsed_us) + burst + POLL_US;
	int64_t least = limit_least_us(l, s->all.elapsed_us) + burst;
	bool holds = false;

	/* What a CPU keeps when its tasks stop is in no pool, and not in the burst. */
	if (arch_wider_bounds && first > most_first)
		most_first += limit_kept_us(l);
	/* What a period leaves beside a tick can be less. */
	if (least_first > l->cpus * (l->period_us - l->tick_us - 3 * POLL_US))
		least_first = l->cpus * (l->period_us - l->tick_us - 3 * POLL_US);
	ktap_metric("burst", burst, "us");
	ktap_metric("first_period_usage", first, "us");
	ktap_metric("first_period_bound", most_first, "us");
	ktap_metric("first_period_least", least_first, "us");
	ktap_metric("usage", usage, "us");
	ktap_metric("window", s->all.elapsed_us, "us");
	ktap_metric("bound", bound, "us");
	ktap_metric("least_usage", least, "us");
	if (first > most_first)
		ktap_reason("used %lld us in the first period after a rest, at most %lld us are allowed",
			    (long long)first, (long long)most_first);
	else if (first < least_first)
		ktap_reason("used %lld us in the first period after a rest, at least %lld us were saved up",
			    (long long)first, (long long)least_first);
	else
		holds = judge_usage(usage, bound, least);
	ktap_result(c->name, holds);
}

static void burst_is_kept(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	int64_t burst = burst_of(l);
	struct spending s;
	char why[200] = "";
	struct runner r;

	if (burst <= 2 * limit_slack_us(l)) {
		cases_skip(c, "a burst of this limit cannot be told from its slack");
		return;
	}
	if (!runner_start(&r, c->name, &t->guest, l->quota_us, l->period_us, why, sizeof(why)))
		cases_fail(c, why);
	else if (cgroup_set_burst(&r.cg, burst))
		cases_skip(c, "the kernel has no cpu.max.burst");
	else if (!rest(&r, l))
		cases_fail(c, "the guest did not stop within two periods");
	else if (!wait_for_period(&r, l))
		cases_fail(c, "no period ended in two");
	else if (!spend(&r, l, &s))
		cases_fail(c, why);
	else
		judge_burst(c, l, burst, &s);
	runner_end(&r);
}

static const struct test_case cases[] = {
	{ "burst_is_honoured_and_bounded", "burst bug",
	  "What was saved up in a rest may be used once beside the quota, and then no more.",
	  burst_is_kept },
};

const struct case_group burst_cases = CASE_GROUP(cases);
