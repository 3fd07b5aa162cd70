// SPDX-License-Identifier: GPL-2.0-only
/* Limits that change while the guest runs. */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"

#define LEAD_PERIODS	3	/* under the first limit */
#define WATCH_PERIODS	10	/* under the second */
#define REST_PERIODS	5
#define POLL_US		1000

static struct observation observation;

/* Runs under @first_quota_us (below 0: none), gets the test's limit and has to keep it from there on. */
static void change_limit(const struct test *t, const struct test_case *c, int64_t first_quota_us)
{
	const struct limit *l = &t->limit;
	struct observation *o = &observation;
	char why[200] = "";
	struct runner r;
	int err = 0;

	if (!runner_start(&r, c->name, &t->guest, first_quota_us, l->period_us, why, sizeof(why)) ||
	    !sleep_until_us(now_us() + LEAD_PERIODS * l->period_us)) {
		cases_fail(c, why);
		runner_end(&r);
		return;
	}
	err = runner_set_max(&r, l->quota_us, l->period_us);
	if (err)
		cases_fail(c, strerror(-err));
	else if (!observe(o, &r, l, WATCH_PERIODS))
		cases_fail(c, why);
	else
		ktap_result(c->name, judge_guest(l, o));
	runner_end(&r);
}

static void limit_set_while_running(const struct test *t, const struct test_case *c)
{
	change_limit(t, c, -1);
}

static void limit_lowered_while_running(const struct test *t, const struct test_case *c)
{
	/* Half way to what the guest wants, so that it is limited before, too. */
	change_limit(t, c, (t->limit.quota_us + t->limit.cpus * t->limit.period_us) / 2);
}

static void limit_raised_while_running(const struct test *t, const struct test_case *c)
{
	int64_t half = t->limit.quota_us / 2;

	/* The kernel's least, min_cfs_quota_period. */
	change_limit(t, c, half < 1000 ? 1000 : half);
}

/* Time until @r counts again; gives up after @deadline_us. */
static int64_t time_to_progress(const struct runner *r, int64_t deadline_us)
{
	uint64_t before = runner_progress(r);
	int64_t start = now_us();

	while (runner_progress(r) == before && now_us() < start + deadline_us &&
	       sleep_until_us(now_us() + POLL_US))
		;
	return now_us() - start;
}

/* After the window: in the middle of the time in which the group has nothing left. */
static void wait_until_held_back(const struct limit *l)
{
	sleep_until_us(now_us() + (l->quota_us + l->period_us) / 2);
}

static void judge_lift(const struct test *t, const struct test_case *c, const struct runner *r)
{
	const struct limit *l = &t->limit;
	int64_t latency = time_to_progress(r, t->kill_deadline_us);
	struct unlimited_usage u;
	int64_t least;

	if (!observe_unlimited(&u, r, REST_PERIODS * l->period_us)) {
		cases_fail(c, "");
		return;
	}
	least = limit_demand_us(l, t->guest.vcpus, u.elapsed_us) - limit_lost_us(l, REST_PERIODS);
	ktap_metric("unlimited_usage", u.usage_us, "us");
	ktap_metric("unlimited_window", u.elapsed_us, "us");
	if (u.usage_us < least)
		ktap_reason("used %lld us without a limit, at least %lld us should have been possible",
			    (long long)u.usage_us, (long long)least);
	ktap_result(c->name, judge_latency("resume_latency", latency, limit_kill_us(l)) &&
		    u.usage_us >= least);
}

static void limit_lifted_while_throttled(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	struct observation *o = &observation;
	char why[200] = "";
	struct runner r;

	if (!runner_start(&r, c->name, &t->guest, l->quota_us, l->period_us, why, sizeof(why)) ||
	    !observe(o, &r, l, REST_PERIODS)) {
		cases_fail(c, why);
	} else if (!judge_guest(l, o)) {
		/* What was never held back cannot be let go. */
		ktap_result(c->name, false);
	} else {
		wait_until_held_back(l);
		runner_set_max(&r, -1, 0);
		judge_lift(t, c, &r);
	}
	runner_end(&r);
}

static const struct test_case cases[] = {
	{ "limit_set_while_running", "quota bug",
	  "Operators limit guests that run already; the limit has to reach a vCPU that is in the guest.",
	  limit_set_while_running },
	{ "limit_lowered_while_running", "quota bug",
	  "A lower limit holds from the next period on, whatever was used under the old one.",
	  limit_lowered_while_running },
	{ "limit_raised_while_running", "quota bug",
	  "A higher limit has to be used in full, and no more than that.",
	  limit_raised_while_running },
	{ "limit_lifted_while_throttled", "quota bug",
	  "A guest that is held back resumes within two periods when its limit goes, without old debt.",
	  limit_lifted_while_throttled },
};

const struct case_group quota_cases = CASE_GROUP(cases);
