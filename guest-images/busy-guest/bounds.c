// SPDX-License-Identifier: GPL-2.0-only
#include "bounds.h"

/* How exactly the watcher sees a moment, and how long the way from a tick to the scheduler may be. */
#define RESOLUTION_US 1000

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t limit_overrun_us(const struct limit *l)
{
	return l->cpus * (l->tick_us + RESOLUTION_US + l->lost_us);
}

int64_t limit_kept_us(const struct limit *l)
{
	return min64(l->slice_us, 1000);
}

int64_t limit_slack_us(const struct limit *l)
{
	return limit_overrun_us(l) + (l->cpus - 1) * l->slice_us + l->others * limit_kept_us(l);
}

int64_t limit_allowed_us(const struct limit *l, int64_t elapsed_us)
{
	int64_t full = elapsed_us / l->period_us;
	int64_t rest = elapsed_us % l->period_us;

	return full * l->quota_us + min64(l->quota_us, l->cpus * rest) +
	       limit_slack_us(l);
}

int64_t limit_debt_us(const struct limit *l, int64_t usage_us, int64_t elapsed_us)
{
	int64_t full = elapsed_us / l->period_us;
	int64_t rest = elapsed_us % l->period_us;

	return usage_us - full * l->quota_us - min64(l->quota_us, l->cpus * rest);
}

int64_t limit_debt_since_start_us(const struct limit *l, int64_t usage_us, int64_t nr_periods)
{
	return usage_us - (nr_periods + 1) * l->quota_us;
}

int64_t limit_idle_periods(const struct limit *l)
{
	return limit_slack_us(l) / l->quota_us;
}

int64_t limit_kill_us(const struct limit *l)
{
	return (2 + limit_idle_periods(l)) * l->period_us + l->cpus * (l->tick_us + l->lost_us);
}

int64_t limit_notice_us(const struct limit *l)
{
	return 2 * l->tick_us + l->lost_us;
}

int64_t limit_least_us(const struct limit *l, int64_t elapsed_us)
{
	int64_t a_period = min64(l->quota_us,
				 l->cpus * (l->period_us - l->tick_us - RESOLUTION_US));
	int64_t least = elapsed_us / l->period_us * a_period - limit_slack_us(l);

	return least < 0 ? 0 : least;
}

bool limit_can_be_shown(const struct limit *l, int64_t vcpus, int64_t periods)
{
	int64_t window_us = periods * l->period_us;

	return limit_demand_us(l, vcpus, window_us) - limit_lost_us(l, periods) >
	       limit_allowed_us(l, window_us);
}

static int64_t least_count(const struct limit *l, int64_t usage_us, int64_t periods, int64_t count,
			   int64_t count_us, int64_t part)
{
	int64_t work_us = usage_us - usage_us / part - periods * l->cpus * RESOLUTION_US;

	return work_us < 0 || !count_us ? 0 : count * work_us / count_us;
}

int64_t limit_least_count(const struct limit *l, int64_t usage_us, int64_t periods, int64_t count,
			  int64_t count_us)
{
	return least_count(l, usage_us, periods, count, count_us, 16);
}

int64_t limit_least_count_in_turns(const struct limit *l, int64_t usage_us, int64_t periods,
				   int64_t count, int64_t count_us)
{
	return least_count(l, usage_us, periods, count, count_us, 4);
}

int64_t limit_lost_us(const struct limit *l, int64_t periods)
{
	return l->cpus * l->tick_us * (periods + 1);
}

/* As long as a group is held back at a time: until the next refill that leaves it something. */
static int64_t held_back_us(const struct limit *l)
{
	return (1 + limit_idle_periods(l)) * l->period_us;
}

int64_t limit_least_throttled_us(const struct limit *l, int64_t usage_us, int64_t elapsed_us)
{
	int64_t least = elapsed_us - usage_us - held_back_us(l) -
			limit_lost_us(l, elapsed_us / l->period_us);

	return least < 0 ? 0 : least;
}

int64_t limit_most_throttled_us(const struct limit *l, int64_t usage_us, int64_t elapsed_us)
{
	return elapsed_us - usage_us + held_back_us(l);
}

int64_t limit_hopeless_debt_us(const struct limit *l)
{
	int64_t kill = 10 * limit_kill_us(l) * l->quota_us / l->period_us;
	int64_t slack = 10 * limit_slack_us(l);

	return kill > slack ? kill : slack;
}

int64_t limit_demand_us(const struct limit *l, int64_t vcpus, int64_t elapsed_us)
{
	return min64(vcpus, l->cpus) * elapsed_us;
}
