// SPDX-License-Identifier: GPL-2.0-only
/* Where the guest goes when it leaves guest mode: that is what the bug depends on. */
#include <stdio.h>
#include <string.h>

#include "alive.h"
#include "arch.h"
#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"

#define WATCH_PERIODS	10
#define EXIT_US		500	/* often: many times a tick */
#define CEDE_PERIODS	5
#define NAP_TURN_US	2000	/* a slice lasts for several */

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

static void exiting_guest(const struct test *t, const struct test_case *c)
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

/* Busy for half of each @turn_us. */
static struct workload half_busy(const struct test *t, int64_t turn_us)
{
	struct workload load = t->guest;

	load.vcpus = 1;
	load.hcall = HCALL_CEDE;
	load.hcall_us = load.cede_us = turn_us / 2;
	return load;
}

/*
 * A twentieth of the time for waking up and going to sleep, an eighth where it does so
 * every millisecond, and one turn, for the window cuts some at its ends.
 */
static bool is_half(int64_t usage_us, int64_t window_us, int64_t turn_us)
{
	int64_t slack = window_us / (turn_us > NAP_TURN_US ? 20 : 8) + turn_us;

	return usage_us <= window_us / 2 + slack && usage_us >= window_us / 2 - slack;
}

/*
 * The same guest without a limit shows whether it sleeps at all. Where it does
 * not, that is KVM's doing, but on machines that let no guest sleep
 * (arch_sleepless()). False: the result is reported.
 */
static bool sleeps_without_limit(const struct test *t, const struct test_case *c,
				 const struct workload *load, int64_t turn_us)
{
	struct unlimited_usage u;
	const char *sleepless;
	char why[200] = "";
	struct runner r;
	bool watched;

	watched = runner_start(&r, c->name, load, -1, t->limit.period_us, why, sizeof(why)) &&
		  observe_unlimited(&u, &r, CEDE_PERIODS * t->limit.period_us);
	runner_end(&r);
	if (!watched) {
		cases_fail(c, why);
		return false;
	}
	if (is_half(u.usage_us, u.elapsed_us, turn_us))
		return true;
	snprintf(why, sizeof(why), "without a limit it used %lld us of %lld us instead of half",
		 (long long)u.usage_us, (long long)u.elapsed_us);
	sleepless = arch_sleepless();
	if (sleepless) {
		snprintf(why + strlen(why), sizeof(why) - strlen(why), ": %s", sleepless);
		cases_skip(c, why);
	} else {
		cases_fail(c, why);
	}
	return false;
}

/*
 * One that sleeps for a millisecond as often as it is busy for one, under a limit of
 * a quarter: each sleep gives back what is left of a slice.
 */
static void ceding_guest_obeys_quota(const struct test *t, const struct test_case *c)
{
	struct limit l = t->limit;
	struct workload load = half_busy(t, NAP_TURN_US);
	struct observation *o = &observation;
	char why[200] = "";
	struct runner r;
	bool watched;

	l.cpus = 1;
	l.others = l.others ? t->cpus_online - 1 : 0;
	l.quota_us = l.period_us / 4;
	if (!sleeps_without_limit(t, c, &load, NAP_TURN_US))
		return;
	watched = runner_start(&r, c->name, &load, l.quota_us, l.period_us, why, sizeof(why)) &&
		  observe(o, &r, &l, WATCH_PERIODS);
	runner_end(&r);
	if (watched)
		ktap_result(c->name, judge_limit(&l, o, limit_least_us(&l, observe_last(o)->t_us)));
	else
		cases_fail(c, why);
}

/* Under a limit of three quarters. */
static void ceding_guest_is_never_throttled(const struct test *t, const struct test_case *c)
{
	struct limit l = t->limit;
	int64_t turn_us = l.period_us / 10;
	struct workload load = half_busy(t, turn_us);
	struct observation *o = &observation;
	const struct sample *s;
	char why[200] = "";
	struct runner r;
	bool half;

	l.cpus = 1;
	l.quota_us = l.period_us * 3 / 4;
	if (!sleeps_without_limit(t, c, &load, turn_us))
		return;
	if (!runner_start(&r, c->name, &load, l.quota_us, l.period_us, why, sizeof(why)) ||
	    !observe(o, &r, &l, WATCH_PERIODS)) {
		cases_fail(c, why);
		runner_end(&r);
		return;
	}
	runner_end(&r);
	s = observe_last(o);
	half = is_half(s->stat.usage_us, s->t_us, turn_us);
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
	{ "exiting_guest_obeys_quota", "exits",
	  "A guest that often needs user space keeps its limit on broken kernels too: that shows the cause.",
	  exiting_guest },
	{ "hypercalling_guest_obeys_quota", "exits bug",
	  "Leaving the guest is not enough: hypercalls that KVM answers itself never reach user space.",
	  hypercalling_guest },
	{ "guest_stays_in_kernel", "exits",
	  "Returning to user space for every piece of work keeps the limit, at the price of slow guests.",
	  guest_stays_in_kernel },
	{ "ceding_guest_is_never_throttled", "exits",
	  "A guest that sleeps half the time stays below its quota: it must not be held back, and must be let sleep.",
	  ceding_guest_is_never_throttled },
	{ "ceding_guest_obeys_quota", "exits bug",
	  "What is left of a slice goes back to the group when a guest sleeps, and may be used once.",
	  ceding_guest_obeys_quota },
};

const struct case_group exits_cases = CASE_GROUP(cases);
