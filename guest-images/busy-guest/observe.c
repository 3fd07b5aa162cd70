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
/* A group is looked at so often where the first window may be chance. */
#define MOST_WINDOWS	3
/* A guest without a limit that takes longer to die is runner_end()'s. */
#define TEARDOWN_DEADLINE_US	1000000

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

/* Where a window may begin. */
struct reading {
	int64_t t_us;
	uint64_t progress;
	struct cpu_stat stat;
};

/*
 * The statistics come last. Reading them can take as long as a quota, while the
 * guest runs: then the window is longer and the guest has done more, which only
 * makes the bounds wider.
 */
static void read_now(struct reading *now, const struct runner *r)
{
	now->t_us = now_us();
	now->progress = runner_progress(r);
	cgroup_read_stat(&r->cg, &now->stat);
}

static void start_from(struct observation *o, const struct reading *reading)
{
	o->start_us = reading->t_us;
	o->start = reading->stat;
	o->start_progress = reading->progress;
}

/*
 * nr_throttled goes up when a period ends that ran out of runtime. The last
 * reading before that is one in which the group had none left: the window
 * opens there, and no runtime from before it can be spent in it. What is
 * compared with later readings is all of that reading: by the time the change is
 * seen a late watcher may have missed a whole quota.
 */
static void open_window(struct observation *o, const struct runner *r, const struct limit *l)
{
	int64_t end = now_us() + EDGE_PERIODS * l->period_us;
	struct trace_runtime runtime = { 0 };
	struct reading now;

	read_now(&now, r);
	start_from(o, &now);
	/* From now on, not from the last reading: a slow reading must not leave the guest without time. */
	while (o->start_us < end &&
	       watch_until_us(now_us() + EDGE_POLL_US, &o->late_us)) {
		read_now(&now, r);
		if (r->trace)
			trace_read(r->trace, &runtime);
		if (now.stat.nr_throttled != o->start.nr_throttled) {
			o->aligned = true;
			/* The time it was held back is told when that ends: longer than since the last reading? */
			o->edge_us = now.t_us - o->start_us;
			if (now.stat.throttled_us - o->start.throttled_us >= o->edge_us)
				o->edge_us = 0;
			return;
		}
		start_from(o, &now);
		o->late_us = 0;
		o->start_runtime = runtime;
	}
}

static bool watch(struct observation *o, const struct runner *r, const struct limit *l,
		  int64_t periods, int64_t enough_us)
{
	uint64_t before = o->start_progress, now;
	int64_t late_us = 0;
	int idle = 0;

	o->worst_debt_us = INT64_MIN;
	for (int64_t i = 1; i <= periods; i++) {
		/* After a reading so late, all that the next period allows may have been used before it. */
		bool missed = l->cpus * late_us >= l->quota_us;
		const struct sample *s;
		int64_t debt;

		if (i > LEAST_PERIODS && o->worst_debt_us >= enough_us)
			break;
		if (!watch_until_us(o->start_us + i * l->period_us, &o->late_us))
			return false;
		s = observe_now(o, r);
		runner_look(r);
		now = runner_progress(r);
		late_us = s->t_us - i * l->period_us;
		if (late_us > o->reading_late_us)
			o->reading_late_us = late_us;
		debt = limit_debt_us(l, s->stat.usage_us, s->t_us);
		if (debt > o->worst_debt_us)
			o->worst_debt_us = debt;
		idle = now == before && !missed ? idle + 1 : 0;
		if (idle > o->idle_periods)
			o->idle_periods = idle;
		before = now;
	}
	o->progress = before - o->start_progress;
	return runner_is_alive(r);
}

/*
 * A debt that is carried from period to period is in the window's first reading
 * too, and seen only from where the group had none. What a start in the kernel
 * ran over is paid back by the second half of a window. On several CPUs a debt stays
 * on the one that its tasks have left.
 */
static void look_from_start(struct observation *o, const struct runner *r, const struct limit *l)
{
	if (!time_is_virtual() || r->first_quota_us != l->quota_us || l->cpus + l->others > 1)
		return;
	for (int i = o->count / 2; i < o->count; i++) {
		const struct cpu_stat *st = &o->samples[i].stat;
		int64_t debt = limit_debt_since_start_us(l, o->start.usage_us + st->usage_us,
							 o->start.nr_periods + st->nr_periods);

		if (debt > o->worst_debt_us)
			o->worst_debt_us = debt;
	}
}

/*
 * Beyond the debt's bound by no more than a tick: a tick that the machine lost
 * does that once, a kernel each time. Or short of the least by no more than a quota:
 * a debt from before the window, as a start in the kernel makes it, is paid back once.
 */
static bool may_be_chance(const struct observation *o, const struct limit *l)
{
	const struct sample *s = observe_last(o);
	int64_t beyond_us = o->worst_debt_us - observe_debt_bound_us(o, l);
	int64_t short_us = limit_least_us(l, s->t_us) - s->stat.usage_us;

	if (!time_is_virtual())
		return false;
	return (beyond_us > 0 && beyond_us <= l->cpus * l->tick_us) ||
	       (o->aligned && short_us > 0 && short_us <= l->quota_us);
}

bool observe_until(struct observation *o, const struct runner *r, const struct limit *l,
		   int64_t periods, int64_t enough_us)
{
	for (int windows = 1; ; windows++) {
		memset(o, 0, sizeof(*o));
		open_window(o, r, l);
		if (!watch(o, r, l, periods, enough_us))
			return false;
		look_from_start(o, r, l);
		if (windows == MOST_WINDOWS || !may_be_chance(o, l))
			return true;
	}
}

bool observe(struct observation *o, const struct runner *r, const struct limit *l,
	     int64_t periods)
{
	return observe_until(o, r, l, periods, INT64_MAX);
}

bool observe_free(struct observation *o, const struct runner *r, const struct limit *l,
		  int64_t periods)
{
	struct reading now;

	memset(o, 0, sizeof(*o));
	read_now(&now, r);
	start_from(o, &now);
	o->aligned = true;
	return watch(o, r, l, periods, INT64_MAX);
}

/* What the start of the window and late ticks add to both bounds. */
static int64_t uncertain_us(const struct observation *o, const struct limit *l)
{
	/* Without a known start, up to one quota from before the window can be spent in it. */
	return l->cpus * (o->late_us + o->edge_us) + (o->aligned ? 0 : l->quota_us);
}

int64_t observe_bound_us(const struct observation *o, const struct limit *l)
{
	return limit_allowed_us(l, observe_last(o)->t_us) + uncertain_us(o, l);
}

int64_t observe_debt_bound_us(const struct observation *o, const struct limit *l)
{
	return limit_slack_us(l) + uncertain_us(o, l);
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

int64_t observe_teardown_us(struct runner *r)
{
	int64_t end = now_us() + TEARDOWN_DEADLINE_US;
	struct cpu_stat left, st;
	uint64_t count = 0, last;

	runner_may_interrupt(r);
	cgroup_read_stat(&r->cg, &left);
	kill(r->pid, SIGKILL);
	do {
		last = count;
		count = runner_progress(r);
		if (count != last)
			cgroup_read_stat(&r->cg, &left);
	} while (!reaped_by(r, now_us() + EDGE_POLL_US) && now_us() < end && !stop_requested());
	cgroup_read_stat(&r->cg, &st);
	return st.usage_us - left.usage_us;
}

struct death observe_death(struct observation *o, struct runner *r, int64_t period_us,
			   int64_t deadline_us)
{
	struct death death = { 0 };
	int64_t killed;

	runner_may_interrupt(r);
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
