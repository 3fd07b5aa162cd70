// SPDX-License-Identifier: GPL-2.0-only
#include "arch.h"
#include "cases.h"
#include "clock.h"
#include "guest.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"
#include "real-time.h"

/* The controls watch this many periods. */
#define CONTROL_PERIODS 5

static struct observation observation;

static void kvm_hv_available(const struct test *t, const struct test_case *c)
{
	(void)t;
	/* Asked before anything runs (cases_run()). */
	ktap_result(c->name, true);
}

static void control_guest_unlimited(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	int64_t demand, lost_ok = limit_lost_us(l, CONTROL_PERIODS);
	struct unlimited_usage u;
	struct runner r;
	char why[200] = "";

	if (!time_is_virtual()) {
		real_time_guest_unlimited(t, c);
		return;
	}
	if (!runner_start(&r, "control", &t->guest, -1, l->period_us, why, sizeof(why)) ||
	    !observe_unlimited(&u, &r, CONTROL_PERIODS * l->period_us)) {
		cases_fail(c, why);
		runner_end(&r);
		return;
	}
	judge_by_teardown(observe_teardown_us(&r));
	runner_end(&r);
	judge_by_work(u.progress, u.usage_us);

	demand = limit_demand_us(l, t->guest.vcpus, u.elapsed_us);
	ktap_metric("usage", u.usage_us, "us");
	ktap_metric("window", u.elapsed_us, "us");
	ktap_metric("demand", demand, "us");
	ktap_metric("guest_progress", u.progress, "count");
	if (u.usage_us < demand - lost_ok)
		ktap_reason("contended: the guest got %lld us of the %lld us it wanted",
			    (long long)u.usage_us, (long long)demand);
	else if (u.usage_us <= limit_allowed_us(l, u.elapsed_us))
		ktap_reason("the guest wants no more than the limit allows: nothing would be shown");
	ktap_result(c->name, u.progress && u.usage_us >= demand - lost_ok &&
		    u.usage_us > limit_allowed_us(l, u.elapsed_us));
}

/*
 * The same demand without KVM, judged by the same bounds: a machine on which
 * a plain loop breaks them (late ticks, contention) can tell nothing of a guest.
 */
static void control_host_loop_obeys_quota(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	struct observation *o = &observation;
	struct workload loop = { .kind = RUN_LOOP, .vcpus = t->guest.vcpus };
	struct runner r;
	char why[200] = "";
	int64_t usage, bound, least, debt_bound;
	bool holds = false;

	if (!time_is_virtual()) {
		real_time_host_loop(t, c);
		return;
	}
	if (!runner_start(&r, "loop", &loop, l->quota_us, l->period_us, why, sizeof(why)) ||
	    !observe(o, &r, l, CONTROL_PERIODS)) {
		cases_fail(c, why);
		runner_end(&r);
		return;
	}
	runner_end(&r);

	usage = observe_last(o)->stat.usage_us;
	bound = observe_bound_us(o, l);
	least = limit_least_us(l, observe_last(o)->t_us);
	debt_bound = observe_debt_bound_us(o, l);
	/* What an emulated guest works is what its emulation leaves. */
	if (arch_runs_natively(guest_probe(why, sizeof(why))))
		judge_by_work(o->progress, usage);
	report_usage(l, o);
	ktap_metric("least_usage", least, "us");
	ktap_metric("worst_debt", o->worst_debt_us, "us");
	ktap_metric("debt_bound", debt_bound, "us");
	if (!o->aligned)
		ktap_reason("the loop was never throttled");
	else
		holds = judge_usage(usage, bound, least) && judge_debt(l, o);
	ktap_result(c->name, holds);
}

/* Whether what the kernel says of the time in which the group was held back is what is left of the window. */
static bool judge_throttled(const struct limit *l, const struct observation *o)
{
	const struct sample *s = observe_last(o);
	int64_t told = s->stat.throttled_us;
	int64_t least = limit_least_throttled_us(l, s->stat.usage_us, s->t_us);
	int64_t most = limit_most_throttled_us(l, s->stat.usage_us, s->t_us);

	ktap_metric("nr_periods", s->stat.nr_periods, "count");
	ktap_metric("nr_throttled", s->stat.nr_throttled, "count");
	ktap_metric("throttled", told, "us");
	if (s->stat.nr_throttled <= 0 || told <= 0) {
		ktap_reason("nr_throttled %lld, throttled_usec %lld",
			    (long long)s->stat.nr_throttled, (long long)told);
		return false;
	}
	/* With several CPUs each has such a time of its own. */
	if (l->cpus + l->others > 1)
		return true;
	ktap_metric("least_throttled", least, "us");
	if (told < least || told > most)
		ktap_reason("throttled_usec %lld, though from %lld us to %lld us are left of the window",
			    (long long)told, (long long)least, (long long)most);
	return told >= least && told <= most;
}

static void judge_window(const struct test *t, const struct runner *r,
			 const struct observation *o)
{
	const struct limit *l = &t->limit;
	const struct sample *s = observe_last(o);
	int64_t bound = observe_bound_us(o, l), least = limit_least_us(l, s->t_us);
	int64_t usage = s->stat.usage_us, exits = runner_exits(r);
	int64_t longest = runner_longest_kvm_run_us(r);
	int64_t debt_bound = observe_debt_bound_us(o, l);
	bool works;

	if (!t->trace)
		observe_print(o, "run", 0, o->count);
	report_usage(l, o);
	ktap_metric("least_usage", least, "us");
	ktap_result("busy_guest_obeys_quota", judge_usage(usage, bound, least));

	ktap_result("busy_guest_is_throttled", judge_throttled(l, o));

	ktap_metric("worst_debt", o->worst_debt_us, "us");
	ktap_metric("bound", debt_bound, "us");
	ktap_result("busy_guest_debt_bounded", judge_debt(l, o));

	ktap_metric("guest_progress", o->progress, "count");
	ktap_metric("idle_periods", o->idle_periods, "count");
	if (exits >= 0)
		ktap_metric("guest_exits", exits, "count");
	if (longest >= 0)
		ktap_metric("longest_kvm_run", longest, "us");
	works = judge_work(l, o);
	if (o->idle_periods > limit_idle_periods(l))
		ktap_reason("the guest stood still for %d periods, at most %lld are needed to pay back",
			    o->idle_periods, (long long)limit_idle_periods(l));
	ktap_result("busy_guest_makes_progress",
		    o->progress && works && o->idle_periods <= limit_idle_periods(l));
}

static void busy_guest_dies_at_once(const struct test *t, struct runner *r, struct observation *o)
{
	int64_t bound = judge_kill_us(&t->limit);
	int first = o->count;
	struct death death = observe_death(o, r, t->limit.period_us, t->kill_deadline_us);

	if (!t->trace)
		observe_print(o, "kill", first, o->count);
	ktap_metric("kill_latency", death.latency_us, "us");
	ktap_metric("bound", bound, "us");
	if (!death.dead)
		ktap_reason("still there %lld us after SIGKILL; gone once its limit was lifted",
			    (long long)death.latency_us);
	else if (death.latency_us > bound)
		ktap_reason("gone %lld us after SIGKILL, at most %lld us are allowed",
			    (long long)death.latency_us, (long long)bound);
	ktap_result("busy_guest_dies_at_once", death.dead && death.latency_us <= bound);
}

static void limited_guest(const struct test *t, const struct test_case *c)
{
	struct observation *o = &observation;
	const struct limit *l = &t->limit;
	struct runner r;
	char why[200] = "";

	if (!time_is_virtual()) {
		real_time_limited_guest(t);
		return;
	}
	if (runner_start(&r, "guest", &t->guest, l->quota_us, l->period_us, why, sizeof(why)) &&
	    observe_until(o, &r, l, t->seconds * 1000000 / l->period_us,
			  limit_hopeless_debt_us(l))) {
		judge_window(t, &r, o);
		busy_guest_dies_at_once(t, &r, o);
	} else {
		cases_fail(c, why);
	}
	runner_end(&r);
}

static const struct test_case cases[] = {
	{ "kvm_hv_available", "basic always",
	  "Without KVM or CPU limits nothing can be said, and everything is SKIP.",
	  kvm_hv_available },
	{ "control_guest_unlimited", "basic always control",
	  "A guest that does not want more than its limit, or does not get it on a busy machine, proves nothing.",
	  control_guest_unlimited },
	{ "control_host_loop_obeys_quota", "basic always control",
	  "Where a plain loop breaks the bounds, KVM is not to blame: the scheduler is, or the machine.",
	  control_host_loop_obeys_quota },
	{ "busy_guest_obeys_quota", "basic bug",
	  "The bug: a guest that never pauses uses a whole CPU, however small its limit.",
	  limited_guest },
	{ "busy_guest_is_throttled", "basic bug",
	  "A kernel with the bug counts throttled periods but no throttled time.",
	  limited_guest },
	{ "busy_guest_debt_bounded", "basic bug",
	  "A mean over the window would hide an overrun that is paid back later by a freeze.",
	  limited_guest },
	{ "busy_guest_makes_progress", "basic",
	  "A guest that is held back for ever keeps its limit too, and so does one whose time the kernel burns.",
	  limited_guest },
	{ "busy_guest_dies_at_once", "basic bug",
	  "What operators saw: a killed guest stays for minutes, until its debt is paid.",
	  limited_guest },
};

const struct case_group basic_cases = CASE_GROUP(cases);
