// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "arch.h"
#include "cases.h"
#include "ktap.h"
#include "observe.h"
#include "slope.h"
#include "trace.h"

/* A slope of fewer samples says little. */
#define FEWEST_SAMPLES 5
/* How many events are printed; all are counted. */
#define SHOWN_EVENTS 40
/* The first throttling comes when the first period's quota is used up. */
#define THROTTLE_WAIT_PERIODS 20

static struct observation observation;
static struct trace trace;

/* CPU time in ms per second, as the kernel accounts it. */
static void report_slope(const char *name, const struct observation *o, int first, int end)
{
	struct slope slope = { 0 };

	for (int i = first; i < end; i++)
		if (o->samples[i].runtime.known)
			slope_add(&slope, o->samples[i].t_us, o->samples[i].runtime.remaining_ns);
	if (slope.count >= FEWEST_SAMPLES)
		ktap_metric(name, slope_of(&slope), "ms/s");
}

static void show_events(const struct trace *t, const struct observation *o)
{
	int shown = 0;

	for (int i = 0; i < t->count && shown < SHOWN_EVENTS; i++) {
		const struct trace_event *e = &t->events[i];

		if (e->at_us < o->start_us)
			continue;
		printf("# trace: %s t=%lld runtime_ns=%lld\n",
		       e->throttle ? "throttle_cfs_rq" : "unthrottle_cfs_rq",
		       (long long)(e->at_us - o->start_us), (long long)e->remaining_ns);
		shown++;
	}
}

static int64_t balance_us(const struct trace_runtime *runtime)
{
	return (runtime->remaining_ns + runtime->pool_ns) / 1000;
}

static int64_t outside(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low - value : value > high ? value - high : 0;
}

/*
 * Whether the group was let go while @s was read. What is printed of its account
 * was read first: cpu.stat may have counted a period that is not in there.
 */
static bool may_be_torn(const struct observation *o, const struct sample *s)
{
	for (int i = 0; i < trace.count; i++) {
		const struct trace_event *e = &trace.events[i];

		if (!e->throttle && e->at_us >= s->runtime.at_us && e->at_us <= o->start_us + s->t_us)
			return true;
	}
	return false;
}

/*
 * Every period adds one quota to the account and usage is taken from it. What
 * is still in the pool then is lost, for the pool holds one quota at most
 * (__refill_cfs_bandwidth_runtime()): a kernel with the bug leaves some there
 * when it fails to unthrottle. -1: there is nothing to compare.
 */
static int64_t worst_difference_us(const struct observation *o, const struct limit *l)
{
	const struct trace_runtime *before = &o->start_runtime;
	int64_t periods = 0, lost = 0, worst = before->known ? 0 : -1;

	for (int i = 0; worst >= 0 && i < o->count; i++) {
		const struct sample *s = &o->samples[i];
		int64_t derived = balance_us(&o->start_runtime) +
				  s->stat.nr_periods * l->quota_us - s->stat.usage_us;
		int64_t difference;

		if (!s->runtime.known)
			return -1;
		if (s->stat.nr_periods != periods)
			lost += before->pool_ns / 1000;
		difference = outside(balance_us(&s->runtime), derived - lost, derived);
		if (arch_wider_bounds && difference && may_be_torn(o, s)) {
			int64_t torn = outside(balance_us(&s->runtime), derived - l->quota_us - lost,
					       derived - l->quota_us);

			difference = torn < difference ? torn : difference;
		}
		if (difference > worst)
			worst = difference;
		periods = s->stat.nr_periods;
		before = &s->runtime;
	}
	return worst;
}

static void judge_trace(const struct test *t, const struct test_case *c, int killed)
{
	const struct observation *o = &observation;
	int64_t worst = worst_difference_us(o, &t->limit), bound = t->limit.tick_us;
	bool ok = o->aligned && worst >= 0 && worst <= bound;

	observe_print(o, "run", 0, killed);
	observe_print(o, "kill", killed, o->count);
	show_events(&trace, o);
	report_slope("runtime_slope_running", o, 0, killed);
	report_slope("runtime_slope_recovering", o, killed, o->count);
	ktap_metric("throttle_calls", trace_count(&trace, true, o->start_us), "count");
	ktap_metric("unthrottle_calls", trace_count(&trace, false, o->start_us), "count");
	if (worst >= 0)
		ktap_metric("worst_difference", worst, "us");
	ktap_metric("bound", bound, "us");
	if (!o->aligned)
		ktap_reason("the guest was never throttled");
	else if (worst < 0)
		ktap_reason("a reading of runtime_remaining is missing");
	else if (!ok)
		ktap_reason("cpu.stat and runtime_remaining differ by %lld us, at most %lld us are not yet accounted",
			    (long long)worst, (long long)bound);
	ktap_result(c->name, ok);
}

static void run_traced(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	struct workload guest = t->guest;
	struct runner r;
	char why[200] = "";

	/* Its run queue is one, and that is the one that is read. */
	guest.pinned = true;
	if (runner_start(&r, "traced", &guest, l->quota_us, l->period_us, why, sizeof(why)) &&
	    trace_group(&trace, &r.cg, THROTTLE_WAIT_PERIODS * l->period_us, why, sizeof(why))) {
		r.trace = &trace;
		if (observe(&observation, &r, l, t->seconds * 1000000 / l->period_us)) {
			int killed = observation.count;

			observe_death(&observation, &r, l->period_us, t->kill_deadline_us);
			judge_trace(t, c, killed);
		} else {
			cases_fail(c, "stopped");
		}
	} else {
		cases_fail(c, why);
	}
	runner_end(&r);
}

static void traced_debt_agrees(const struct test *t, const struct test_case *c)
{
	char why[200] = "";

	if (t->guest.vcpus != 1) {
		cases_skip(c, "only a guest with one vCPU is traced");
	} else if (!trace_open(&trace, t->offsets, why, sizeof(why))) {
		cases_skip(c, why);
	} else {
		ktap_fact("trace", "throttle_cfs_rq, unthrottle_cfs_rq and cpu_extra_stat_show by %s", trace.by);
		run_traced(t, c);
	}
	trace_close(&trace);
}

static const struct test_case cases[] = {
	{ "traced_debt_agrees", "trace",
	  "The debt in all other cases is made of cpu.stat; here the scheduler's own account says the same.",
	  traced_debt_agrees },
};

const struct case_group trace_cases = CASE_GROUP(cases);
