// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "contest.h"
#include "ktap.h"
#include "real-time.h"

static struct contest contest;
static bool held;

static const struct contest *the_contest(const struct test *t)
{
	if (!held)
		contest_run(&contest, t);
	held = true;
	return &contest;
}

static void report_evidence(const struct contest *c, const struct evidence *e)
{
	ktap_metric("windows", c->blocks, "count");
	ktap_metric("pairs_for", e->pro, "count");
	ktap_metric("pairs_against", e->contra, "count");
	ktap_ratio("evidence_log10", evidence_log10_milli(e), 1000);
}

static void report_windows(const struct limit *l, const struct arm_sum *s)
{
	ktap_metric("usage", s->usage_us, "us");
	ktap_metric("window", s->window_us, "us");
	ktap_metric("quota_total", s->window_us * l->quota_us / l->period_us, "us");
	ktap_metric("bound", s->bound_us, "us");
	ktap_ratio("overrun_ratio", s->usage_us * l->period_us, s->window_us * l->quota_us);
	ktap_metric("nr_periods", s->nr_periods, "count");
	ktap_metric("nr_throttled", s->nr_throttled, "count");
	ktap_metric("timer_late", s->worst_late_us, "us");
}

/* A control is to blame when the windows were undecided because of it. */
static void report_control(const struct contest *c, const char *name, int bad, const char *what)
{
	bool decided = contest_decision(c) != UNDECIDED;

	if (!c->blocks)
		ktap_undecided(name, "no window could be watched: %s", c->why);
	else if (!decided && 2 * bad > c->blocks)
		ktap_undecided(name, "contended: in %d of %d windows %s", bad, c->blocks, what);
	else
		ktap_result(name, true);
}

void real_time_guest_unlimited(const struct test *t, const struct test_case *row)
{
	const struct contest *c = the_contest(t);
	const struct arm_sum *s = &c->sum[ARM_FREE];

	ktap_metric("usage", s->usage_us, "us");
	ktap_metric("window", s->window_us, "us");
	ktap_metric("demand", limit_demand_us(&t->limit, t->guest.vcpus, s->window_us), "us");
	ktap_metric("guest_progress", s->progress, "count");
	ktap_metric("windows", c->blocks, "count");
	ktap_metric("windows_void", c->void_blocks, "count");
	report_control(c, row->name, c->blocks - s->with[OVER_QUOTA],
		       "the guest without a limit took no more than the limit allows");
}

void real_time_host_loop(const struct test *t, const struct test_case *row)
{
	const struct contest *c = the_contest(t);
	const struct arm_sum *s = &c->sum[ARM_LOOP];
	int worst = 0;

	for (int d = 0; d < DEFECTS; d++)
		worst = s->with[d] > worst ? s->with[d] : worst;
	report_windows(&t->limit, s);
	ktap_metric("worst_debt", s->worst_debt_us, "us");
	ktap_metric("kill_latency", contest_latency_us(c, ARM_LOOP), "us");
	ktap_metric("windows", c->blocks, "count");
	report_control(c, row->name, worst,
		       "a plain loop broke the bounds as well");
}

static void report_claim(const struct contest *c, const char *name, enum defect d, bool proven)
{
	const struct evidence *e = &c->worse[d];

	if (contest_certain(c, d)) {
		ktap_reason("in %d of %d windows, with a plain loop in %d", c->sum[ARM_GUEST].with[d],
			    c->blocks, c->sum[ARM_LOOP].with[d]);
		ktap_result(name, false);
	} else if (!proven || evidence_suspicious(e)) {
		ktap_undecided(name, "after %d windows: bad in %d, with a plain loop in %d", c->blocks,
			       c->sum[ARM_GUEST].with[d], c->sum[ARM_LOOP].with[d]);
	} else {
		ktap_result(name, true);
	}
}

void real_time_limited_guest(const struct test *t)
{
	const struct contest *c = the_contest(t);
	const struct arm_sum *s = &c->sum[ARM_GUEST];
	bool holds = contest_decision(c) == HOLDS;
	bool decided = contest_decision(c) != UNDECIDED;

	report_windows(&t->limit, s);
	report_evidence(c, holds ? &c->limited : &c->worse[OVER_QUOTA]);
	report_claim(c, "busy_guest_obeys_quota", OVER_QUOTA, holds);

	ktap_metric("nr_periods", s->nr_periods, "count");
	ktap_metric("nr_throttled", s->nr_throttled, "count");
	ktap_metric("throttled", s->throttled_us, "us");
	report_evidence(c, &c->worse[NOT_THROTTLED]);
	report_claim(c, "busy_guest_is_throttled", NOT_THROTTLED, decided);

	ktap_metric("worst_debt", s->worst_debt_us, "us");
	ktap_metric("bound", s->debt_bound_us, "us");
	report_evidence(c, &c->worse[IN_DEBT]);
	report_claim(c, "busy_guest_debt_bounded", IN_DEBT, decided);

	ktap_metric("guest_progress", s->progress, "count");
	ktap_metric("idle_periods", s->worst_idle_periods, "count");
	report_evidence(c, &c->worse[IDLE]);
	report_claim(c, "busy_guest_makes_progress", IDLE, decided);

	ktap_metric("kill_latency", contest_latency_us(c, ARM_GUEST), "us");
	ktap_metric("bound", s->death_bound_us, "us");
	report_evidence(c, &c->worse[SLOW_DEATH]);
	report_claim(c, "busy_guest_dies_at_once", SLOW_DEATH, decided);
}
