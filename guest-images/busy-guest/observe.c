// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "alive.h"
#include "clock.h"
#include "observe.h"

#define EDGE_POLL_US		1000
#define EDGE_PERIODS		8
/* However great the debt, this many periods are watched. */
#define LEAST_PERIODS		5

const struct sample *observe_now(struct observation *o, const struct runner *r)
{
	struct sample *s = &o->samples[o->count < MAX_SAMPLES ? o->count++ : MAX_SAMPLES - 1];

	cgroup_read_stat(&r->cg, &s->stat);
	/* Read after the statistics: a delay in between can only make the bound wider. */
	s->t_us = now_us() - o->start_us;
	if (r->trace)
		trace_read(r->trace, &s->runtime);
	s->stat.usage_us -= o->start.usage_us;
	s->stat.nr_periods -= o->start.nr_periods;
	s->stat.nr_throttled -= o->start.nr_throttled;
	s->stat.throttled_us -= o->start.throttled_us;
	return s;
}

const struct sample *observe_last(const struct observation *o)
{
	return &o->samples[o->count - 1];
}

/*
 * nr_throttled goes up when a period ends that ran out of runtime. The last
 * reading before that is one in which the group had none left: the window
 * opens there, and no runtime from before it can be spent in it.
 */
static void open_window(struct observation *o, const struct runner *r, const struct limit *l)
{
	int64_t end = now_us() + EDGE_PERIODS * l->period_us;
	struct trace_runtime runtime = { 0 };
	struct cpu_stat st;

	o->start_us = now_us();
	cgroup_read_stat(&r->cg, &o->start);
	/* From now on, not from the last reading: a slow reading must not leave the guest without time. */
	while (o->start_us < end &&
	       watch_until_us(now_us() + EDGE_POLL_US, &o->late_us)) {
		int64_t t = now_us();

		cgroup_read_stat(&r->cg, &st);
		if (r->trace)
			trace_read(r->trace, &runtime);
		if (st.nr_throttled != o->start.nr_throttled) {
			o->aligned = true;
			return;
		}
		o->start_us = t;
		o->start = st;
		o->late_us = 0;
		o->start_runtime = runtime;
	}
}

static bool watch(struct observation *o, const struct runner *r, const struct limit *l,
		  int64_t periods, int64_t enough_us)
{
	uint64_t first, before, now;
	int idle = 0;

	o->worst_debt_us = INT64_MIN;
	first = before = runner_progress(r);
	for (int64_t i = 1; i <= periods; i++) {
		const struct sample *s;
		int64_t debt;

		if (i > LEAST_PERIODS && o->worst_debt_us >= enough_us)
			break;
		if (!watch_until_us(o->start_us + i * l->period_us, &o->late_us))
			return false;
		s = observe_now(o, r);
		debt = limit_debt_us(l, s->stat.usage_us, s->t_us);
		if (debt > o->worst_debt_us)
			o->worst_debt_us = debt;
		now = runner_progress(r);
		idle = now == before ? idle + 1 : 0;
		if (idle > o->idle_periods)
			o->idle_periods = idle;
		before = now;
	}
	o->progress = before - first;
	return runner_is_alive(r);
}

bool observe_until(struct observation *o, const struct runner *r, const struct limit *l,
		   int64_t periods, int64_t enough_us)
{
	memset(o, 0, sizeof(*o));
	open_window(o, r, l);
	return watch(o, r, l, periods, enough_us);
}

bool observe(struct observation *o, const struct runner *r, const struct limit *l,
	     int64_t periods)
{
	return observe_until(o, r, l, periods, INT64_MAX);
}

bool observe_free(struct observation *o, const struct runner *r, const struct limit *l,
		  int64_t periods)
{
	memset(o, 0, sizeof(*o));
	o->start_us = now_us();
	cgroup_read_stat(&r->cg, &o->start);
	o->aligned = true;
	return watch(o, r, l, periods, INT64_MAX);
}

int64_t observe_bound_us(const struct observation *o, const struct limit *l)
{
	/* Without a known start, up to one quota from before the window can be spent in it. */
	return limit_allowed_us(l, observe_last(o)->t_us) + l->cpus * o->late_us +
	       (o->aligned ? 0 : l->quota_us);
}

int64_t observe_debt_bound_us(const struct observation *o, const struct limit *l)
{
	return limit_slack_us(l) + l->cpus * o->late_us + (o->aligned ? 0 : l->quota_us);
}

bool observe_unlimited(struct unlimited_usage *u, const struct runner *r, int64_t us)
{
	struct cpu_stat before, after;
	int64_t start = now_us();

	u->progress = runner_progress(r);
	cgroup_read_stat(&r->cg, &before);
	if (!sleep_until_us(start + us))
		return false;
	cgroup_read_stat(&r->cg, &after);
	u->elapsed_us = now_us() - start;
	u->usage_us = after.usage_us - before.usage_us;
	u->progress = runner_progress(r) - u->progress;
	return runner_is_alive(r);
}

void observe_print(const struct observation *o, const char *phase, int first, int end)
{
	for (int i = first; i < end; i++) {
		const struct sample *s = &o->samples[i];

		printf("# sample: phase=%s t=%lld usage=%lld periods=%lld throttled=%lld throttled_us=%lld",
		       phase, (long long)s->t_us, (long long)s->stat.usage_us,
		       (long long)s->stat.nr_periods, (long long)s->stat.nr_throttled,
		       (long long)s->stat.throttled_us);
		if (s->runtime.known)
			printf(" runtime_ns=%lld", (long long)s->runtime.remaining_ns);
		putchar('\n');
	}
}

/* Waits for SIGCHLD or the next sample; true once the child is reaped. */
static bool reaped_by(struct runner *r, int64_t at_us)
{
	int64_t left = at_us - now_us();
	struct timespec ts = { .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	if (left > 0)
		sigtimedwait(&chld, NULL, &ts);
	if (waitpid(r->pid, NULL, WNOHANG) != r->pid)
		return false;
	r->pid = 0;
	return true;
}

struct death observe_death(struct observation *o, struct runner *r, int64_t period_us,
			   int64_t deadline_us)
{
	struct death death = { 0 };
	int64_t killed;

	observe_now(o, r);
	killed = now_us();
	kill(r->pid, SIGKILL);
	for (int64_t at = killed + period_us;
	     !death.dead && now_us() < killed + deadline_us && !stop_requested(); at += period_us) {
		death.dead = reaped_by(r, at);
		death.latency_us = now_us() - killed;
		observe_now(o, r);
	}
	/* Lifts the limit first, so that a frozen process ends. */
	runner_end(r);
	return death;
}
