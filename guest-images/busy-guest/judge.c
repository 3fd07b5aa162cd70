// SPDX-License-Identifier: GPL-2.0-only
#include "arch.h"
#include "judge.h"
#include "ktap.h"

void report_usage(const struct limit *l, const struct observation *o)
{
	const struct sample *s = observe_last(o);

	ktap_metric("usage", s->stat.usage_us, "us");
	ktap_metric("window", s->t_us, "us");
	ktap_metric("quota_total", s->t_us * l->quota_us / l->period_us, "us");
	ktap_metric("bound", observe_bound_us(o, l), "us");
	ktap_ratio("overrun_ratio", s->stat.usage_us * l->period_us, s->t_us * l->quota_us);
	ktap_metric("nr_periods", s->stat.nr_periods, "count");
	ktap_metric("nr_throttled", s->stat.nr_throttled, "count");
}

bool judge_usage(int64_t usage_us, int64_t bound_us, int64_t least_us)
{
	if (usage_us > bound_us)
		ktap_reason("used %lld us, at most %lld us are allowed", (long long)usage_us,
			    (long long)bound_us);
	else if (usage_us < least_us)
		ktap_reason("used %lld us, at least %lld us should have been possible",
			    (long long)usage_us, (long long)least_us);
	return usage_us <= bound_us && usage_us >= least_us;
}

bool judge_debt(const struct limit *l, const struct observation *o)
{
	int64_t bound = observe_debt_bound_us(o, l);

	if (o->worst_debt_us > bound)
		ktap_reason("%lld us beyond the quota, at most %lld us are allowed",
			    (long long)o->worst_debt_us, (long long)bound);
	return o->worst_debt_us <= bound;
}

static bool usage_in_bounds(const struct limit *l, const struct observation *o, int64_t least_us)
{
	/* A bound that is wider by more than a quota would show nothing. */
	if (l->cpus * o->late_us > l->quota_us) {
		ktap_reason("contended: a timer came %lld us late", (long long)o->late_us);
		return false;
	}
	return judge_usage(observe_last(o)->stat.usage_us, observe_bound_us(o, l), least_us);
}

static bool limit_is_kept(const struct limit *l, const struct observation *o, int64_t least_us)
{
	const struct cpu_stat *st = &observe_last(o)->stat;

	report_usage(l, o);
	ktap_metric("throttled", st->throttled_us, "us");
	ktap_metric("worst_debt", o->worst_debt_us, "us");
	ktap_metric("guest_progress", o->progress, "count");
	if (least_us > 0)
		ktap_metric("least_usage", least_us, "us");
	if (!usage_in_bounds(l, o, least_us))
		return false;
	if (st->nr_throttled <= 0 || st->throttled_us <= 0) {
		ktap_reason("never held back: nr_throttled %lld, throttled_usec %lld",
			    (long long)st->nr_throttled, (long long)st->throttled_us);
		return false;
	}
	if (!judge_debt(l, o))
		return false;
	if (!o->progress || o->idle_periods > limit_idle_periods(l)) {
		ktap_reason("stood still for %d periods, at most %lld are needed to pay back",
			    o->idle_periods, (long long)limit_idle_periods(l));
		return false;
	}
	return true;
}

bool judge_limit(const struct limit *l, const struct observation *o, int64_t least_us)
{
	bool kept = limit_is_kept(l, o, least_us);

	/* Whoever has to find out why wants the whole window. */
	if (!kept)
		observe_print(o, "run", 0, o->count);
	return kept;
}

static struct {
	uint64_t count;
	int64_t usage_us;
} best;

void judge_by_work(uint64_t count, int64_t usage_us)
{
	if (!best.usage_us || count * best.usage_us > best.count * usage_us) {
		best.count = count;
		best.usage_us = usage_us;
	}
}

bool judge_work(const struct limit *l, const struct observation *o)
{
	const struct cpu_stat *st = &observe_last(o)->stat;
	int64_t least;

	/* CPUs of a machine whose time counts instructions share them: several do less each. */
	if (!best.usage_us || l->cpus + l->others > 1)
		return true;
	least = limit_least_count(l, st->usage_us, st->nr_periods, best.count, best.usage_us);
	if (arch_wider_bounds && (int64_t)o->progress < least && l->vcpus > l->cpus)
		least = limit_least_count_in_turns(l, st->usage_us, st->nr_periods, best.count,
						   best.usage_us);
	ktap_metric("least_progress", least, "count");
	ktap_ratio("work_ratio", o->progress * best.usage_us, st->usage_us * best.count);
	if ((int64_t)o->progress < least)
		ktap_reason("counted %llu in %lld us of CPU time, at least %lld should have been possible",
			    (unsigned long long)o->progress, (long long)st->usage_us, (long long)least);
	return (int64_t)o->progress >= least;
}

bool judge_guest(const struct limit *l, const struct observation *o)
{
	return judge_limit(l, o, limit_least_us(l, observe_last(o)->t_us)) && judge_work(l, o);
}

static int64_t teardown_us;

void judge_by_teardown(int64_t us)
{
	teardown_us = us;
}

int64_t judge_kill_us(const struct limit *l)
{
	return limit_kill_us(l) + teardown_us / l->quota_us * l->period_us;
}

bool judge_latency(const char *metric, int64_t latency_us, int64_t bound_us)
{
	ktap_metric(metric, latency_us, "us");
	ktap_metric("bound", bound_us, "us");
	if (latency_us > bound_us)
		ktap_reason("%s: %lld us, at most %lld us are allowed", metric,
			    (long long)latency_us, (long long)bound_us);
	return latency_us <= bound_us;
}
