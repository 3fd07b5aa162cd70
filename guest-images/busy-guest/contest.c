// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "contest.h"
#include "observe.h"

/* All windows together watch the guest about as long as was asked for. */
#define USUAL_BLOCKS	24
/* So long a broken kernel runs up a debt that shows, also when the process is killed. */
#define LEAST_PERIODS	3

/* One for each defect, and one for "the limit acts". */
#define TESTS		(DEFECTS + 1)

/* What a window showed. */
struct window {
	struct sample end;
	int64_t bound_us, debt_us, slack_us, late_us, idle_periods, latency_us;
	uint64_t progress;
};

static struct observation observation;

static int64_t window_periods(const struct test *t)
{
	int64_t periods = t->seconds * 1000000 / USUAL_BLOCKS / t->limit.period_us;

	return periods > LEAST_PERIODS ? periods : LEAST_PERIODS;
}

static void take_window(struct window *w, const struct limit *l, const struct observation *o)
{
	w->end = *observe_last(o);
	w->bound_us = observe_bound_us(o, l);
	w->debt_us = o->worst_debt_us;
	w->slack_us = observe_debt_bound_us(o, l);
	w->late_us = o->late_us;
	w->idle_periods = o->idle_periods;
	w->progress = o->progress;
}

static bool watch_arm(struct contest *c, const struct test *t, enum arm arm, struct window *w)
{
	static const char * const names[ARMS] = { "loop", "guest", "free" };
	struct workload loop = { .kind = RUN_LOOP, .vcpus = t->guest.vcpus };
	const struct limit *l = &t->limit;
	struct observation *o = &observation;
	struct runner r;
	bool ok = runner_start(&r, names[arm], arm == ARM_LOOP ? &loop : &t->guest,
			       arm == ARM_FREE ? -1 : l->quota_us, l->period_us,
			       c->why, sizeof(c->why)) &&
		  (arm == ARM_FREE ? observe_free : observe)(o, &r, l, window_periods(t));

	if (ok) {
		int in_window = o->count;

		take_window(w, l, o);
		/* Three times what is allowed tells a slow death from one that was only disturbed. */
		w->latency_us = observe_death(o, &r, l->period_us, 3 * limit_kill_us(l)).latency_us;
		if (arm == ARM_GUEST && !c->blocks) {
			observe_print(o, "run", 0, in_window);
			observe_print(o, "kill", in_window, o->count);
		}
	}
	runner_end(&r);
	return ok && !stop_requested();
}

/*
 * A process of the same kind without a limit shows what dying itself takes
 * here; a limited one does that work with its quota.
 */
static int64_t death_bound_us(const struct limit *l, const struct window *free)
{
	return limit_kill_us(l) + free->latency_us +
	       free->latency_us * l->period_us / l->quota_us;
}

static void find_defects(bool *defects, const struct limit *l, const struct window *w,
			 int64_t death_bound)
{
	const struct cpu_stat *stat = &w->end.stat;

	defects[OVER_QUOTA] = stat->usage_us > w->bound_us;
	defects[NOT_THROTTLED] = stat->nr_throttled <= 0 || stat->throttled_us <= 0;
	defects[IN_DEBT] = w->debt_us > w->slack_us;
	defects[IDLE] = w->idle_periods > (w->slack_us + l->quota_us - 1) / l->quota_us;
	defects[SLOW_DEATH] = w->latency_us > death_bound;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void add_window(struct arm_sum *s, const struct window *w, int block)
{
	s->window_us += w->end.t_us;
	s->usage_us += w->end.stat.usage_us;
	s->bound_us += w->bound_us;
	s->nr_periods += w->end.stat.nr_periods;
	s->nr_throttled += w->end.stat.nr_throttled;
	s->throttled_us += w->end.stat.throttled_us;
	s->progress += w->progress;
	s->worst_debt_us = block ? larger(s->worst_debt_us, w->debt_us) : w->debt_us;
	s->debt_bound_us = larger(s->debt_bound_us, w->slack_us);
	s->worst_late_us = larger(s->worst_late_us, w->late_us);
	s->worst_idle_periods = larger(s->worst_idle_periods, w->idle_periods);
	s->latency_us[block] = w->latency_us;
}

static void add_block(struct contest *c, const struct limit *l, const struct window *w)
{
	int64_t death_bound = death_bound_us(l, &w[ARM_FREE]);
	bool defects[ARMS][DEFECTS];

	for (int arm = 0; arm < ARMS; arm++) {
		find_defects(defects[arm], l, &w[arm], death_bound);
		add_window(&c->sum[arm], &w[arm], c->blocks);
		c->sum[arm].death_bound_us = larger(c->sum[arm].death_bound_us, death_bound);
		for (int d = 0; d < DEFECTS; d++)
			c->sum[arm].with[d] += defects[arm][d];
	}
	for (int d = 0; d < DEFECTS; d++)
		evidence_add(&c->worse[d], defects[ARM_GUEST][d], defects[ARM_LOOP][d]);
	evidence_add(&c->limited, defects[ARM_FREE][OVER_QUOTA], defects[ARM_GUEST][OVER_QUOTA]);
	c->blocks++;
}

/* The error bound rests on this order: nothing that disturbs the machine can know it. */
static void shuffle(enum arm *order)
{
	uint32_t random[ARMS];

	if (getrandom(random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		for (int i = 0; i < ARMS; i++)
			random[i] = rand();
	for (int i = 0; i < ARMS; i++)
		order[i] = i;
	for (int i = ARMS - 1; i > 0; i--) {
		int j = random[i] % (i + 1);
		enum arm arm = order[i];

		order[i] = order[j];
		order[j] = arm;
	}
}

/* Whether nothing is gained by another block. */
static bool is_over(struct contest *c)
{
	bool open = false;

	if (c->blocks == CONTEST_BLOCKS || c->void_blocks == CONTEST_VOID_BLOCKS || stop_requested())
		return true;
	if (contest_decision(c) == UNDECIDED)
		return false;
	if (!c->decided_at)
		c->decided_at = c->blocks;
	for (int d = 0; d < DEFECTS; d++)
		open |= evidence_suspicious(&c->worse[d]) && !contest_certain(c, d);
	return !open || c->blocks >= c->decided_at + CONTEST_MORE_BLOCKS;
}

void contest_run(struct contest *c, const struct test *t)
{
	memset(c, 0, sizeof(*c));
	while (!is_over(c)) {
		struct window windows[ARMS];
		enum arm order[ARMS];
		bool ok = true;

		shuffle(order);
		for (int i = 0; ok && i < ARMS; i++)
			ok = watch_arm(c, t, order[i], &windows[order[i]]);
		if (ok)
			add_block(c, &t->limit, windows);
		else
			c->void_blocks++;
	}
}

bool contest_certain(const struct contest *c, enum defect d)
{
	return evidence_certain(&c->worse[d], TESTS);
}

enum decision contest_decision(const struct contest *c)
{
	bool suspicious = false;

	for (int d = 0; d < DEFECTS; d++) {
		if (contest_certain(c, d))
			return BROKEN;
		suspicious |= evidence_suspicious(&c->worse[d]);
	}
	return evidence_certain(&c->limited, TESTS) && !suspicious ? HOLDS : UNDECIDED;
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t contest_latency_us(const struct contest *c, enum arm arm)
{
	int64_t sorted[CONTEST_BLOCKS];

	if (!c->blocks)
		return 0;
	memcpy(sorted, c->sum[arm].latency_us, c->blocks * sizeof(*sorted));
	qsort(sorted, c->blocks, sizeof(*sorted), ascending);
	return sorted[c->blocks / 2];
}
