// SPDX-License-Identifier: GPL-2.0-only
/* Where the guest goes when it leaves guest mode: that is what the bug depends on. */
#include <stdio.h>

#include "alive.h"
#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"

#define WATCH_PERIODS	10
#define EXIT_US		500	/* often: many times a tick */

static struct observation observation;

static void watch_exits(const struct test *t, const struct test_case *c, enum guest_hcall hcall)
{
	const struct limit *l = &t->limit;
	struct workload load = t->guest;
	struct observation *o = &observation;
	char why[200] = "";
	struct runner r;
	uint64_t returns;

	load.hcall = hcall;
	load.hcall_us = EXIT_US;
	if (!runner_start(&r, c->name, &load, l->quota_us, l->period_us, why, sizeof(why)) ||
	    !observe(o, &r, l, WATCH_PERIODS)) {
		cases_fail(c, why);
		runner_end(&r);
		return;
	}
	returns = runner_returns(&r);
	runner_end(&r);
	ktap_metric("kvm_run_returns", returns, "count");
	if (hcall == HCALL_TO_USER && !returns) {
		cases_fail(c, "the guest never came to user space");
		return;
	}
	ktap_result(c->name, judge_limit(l, o, limit_least_us(l, observe_last(o)->t_us)));
}

static void control_exiting_guest(const struct test *t, const struct test_case *c)
{
	watch_exits(t, c, HCALL_TO_USER);
}

static void hypercalling_guest(const struct test *t, const struct test_case *c)
{
	watch_exits(t, c, HCALL_IN_KERNEL);
}

/* No signals come, so nothing in the kernel may make KVM_RUN return. */
static void guest_stays_in_kernel(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	char why[200] = "";
	struct runner r;
	uint64_t returns;

	if (!runner_start(&r, c->name, &t->guest, l->quota_us, l->period_us, why, sizeof(why)) ||
	    !sleep_until_us(now_us() + WATCH_PERIODS * l->period_us) || !runner_is_alive(&r)) {
		cases_fail(c, why);
		runner_end(&r);
		return;
	}
	returns = runner_returns(&r);
	runner_end(&r);
	ktap_metric("kvm_run_returns", returns, "count");
	if (returns)
		ktap_reason("KVM_RUN came back %llu times, though nobody sent a signal",
			    (unsigned long long)returns);
	ktap_result(c->name, !returns);
}

/* Busy for half of each tenth of a period, under a limit of three quarters. */
static void ceding_guest_is_never_throttled(const struct test *t, const struct test_case *c)
{
	struct limit l = t->limit;
	int64_t turn = l.period_us / 10, slack;
	struct workload load = t->guest;
	struct observation *o = &observation;
	const struct sample *s;
	char why[200] = "";
	struct runner r;
	bool half;

	load.vcpus = 1;
	load.hcall = HCALL_CEDE;
	load.hcall_us = load.cede_us = turn / 2;
	l.cpus = 1;
	l.quota_us = l.period_us * 3 / 4;
	if (!runner_start(&r, c->name, &load, l.quota_us, l.period_us, why, sizeof(why)) ||
	    !observe(o, &r, &l, WATCH_PERIODS)) {
		cases_fail(c, why);
		runner_end(&r);
		return;
	}
	runner_end(&r);
	s = observe_last(o);
	/* A twentieth of the time for waking up and going to sleep, and one turn, for the window cuts some at its ends. */
	slack = s->t_us / 20 + turn;
	half = s->stat.usage_us <= s->t_us / 2 + slack && s->stat.usage_us >= s->t_us / 2 - slack;
	report_usage(&l, o);
	ktap_metric("guest_progress", o->progress, "count");
	if (!half)
		ktap_reason("used %lld us of %lld us instead of half", (long long)s->stat.usage_us,
			    (long long)s->t_us);
	else if (o->aligned || s->stat.nr_throttled)
		ktap_reason("throttled, though it stays below its quota");
	else if (!o->progress)
		ktap_reason("the guest did nothing");
	ktap_result(c->name, half && !o->aligned && !s->stat.nr_throttled && o->progress);
}

static const struct test_case cases[] = {
	{ "control_exiting_guest_obeys_quota", "exits control",
	  "A guest that often needs user space keeps its limit on broken kernels too: that shows the cause.",
	  control_exiting_guest },
	{ "hypercalling_guest_obeys_quota", "exits bug",
	  "Leaving the guest is not enough: hypercalls that KVM answers itself never reach user space.",
	  hypercalling_guest },
	{ "guest_stays_in_kernel", "exits",
	  "Returning to user space for every piece of work keeps the limit, at the price of slow guests.",
	  guest_stays_in_kernel },
	{ "ceding_guest_is_never_throttled", "exits",
	  "A guest that sleeps half the time stays below its quota: it must not be held back, and must be let sleep.",
	  ceding_guest_is_never_throttled },
};

const struct case_group exits_cases = CASE_GROUP(cases);
