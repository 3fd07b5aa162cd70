// SPDX-License-Identifier: GPL-2.0-only
/* Several groups, several guests. */
#include <stdio.h>
#include <string.h>

#include "alive.h"
#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"
#include "process.h"

#define LEAD_PERIODS	3
#define WATCH_PERIODS	10

static struct observation observation;

static void parent_limit(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	struct observation *o = &observation;
	struct cgroup parent, child = { .path = "" };
	struct runner r = { .pid = 0 };
	char why[200] = "";
	int err = cgroup_create(&parent, NULL, c->name);

	if (!err)
		err = cgroup_set_max(&parent, l->quota_us, l->period_us);
	if (!err)
		err = cgroup_create(&child, &parent, "child");
	if (err) {
		cases_fail(c, strerror(-err));
	} else if (!runner_start_in(&r, &child, &t->guest, why, sizeof(why))) {
		cases_fail(c, why);
	} else {
		/* The guest is in the child; limit and statistics are its parent's. */
		r.cg = parent;
		if (observe(o, &r, l, WATCH_PERIODS))
			ktap_result(c->name, judge_guest(l, o));
		else
			cases_fail(c, why);
	}
	runner_end(&r);
	cgroup_remove(&child);
	cgroup_remove(&parent);
}

/* Fair is half each; less than half of that is starved. */
static bool judge_shares(int64_t first_us, int64_t second_us)
{
	int64_t least = first_us < second_us ? first_us : second_us;
	int64_t sum = first_us + second_us;

	ktap_metric("least_share", least, "us");
	if (least * 4 < sum)
		ktap_reason("one guest got %lld us of %lld us", (long long)least, (long long)sum);
	return least * 4 >= sum;
}

static void shared_limit(const struct test *t, const struct test_case *c)
{
	struct limit l = t->limit;
	struct observation *o = &observation;
	struct runner first, second = { .pid = 0 };
	char why[200] = "";

	/* Each guest has its own threads, and all of them can run at once. */
	l.cpus = 2 * t->guest.vcpus < t->cpus_online ? 2 * t->guest.vcpus : t->cpus_online;
	l.others = l.others ? t->cpus_online - l.cpus : 0;
	if (!runner_start(&first, c->name, &t->guest, l.quota_us, l.period_us, why, sizeof(why)) ||
	    !runner_start_in(&second, &first.cg, &t->guest, why, sizeof(why))) {
		cases_fail(c, why);
	} else {
		int64_t first_us = process_cpu_us(first.pid), second_us = process_cpu_us(second.pid);

		if (observe(o, &first, &l, WATCH_PERIODS) && runner_is_alive(&second)) {
			first_us = process_cpu_us(first.pid) - first_us;
			second_us = process_cpu_us(second.pid) - second_us;
			ktap_result(c->name, judge_limit(&l, o, limit_least_us(&l, observe_last(o)->t_us)) &&
				    judge_shares(first_us, second_us));
		} else {
			cases_fail(c, why);
		}
	}
	runner_end(&second);
	runner_end(&first);
}

/*
 * The second group is read at both ends of the first one's window, wherever its
 * own periods lie: a quota more, or less.
 */
static void judge_siblings(const struct test_case *c, const struct limit *l,
			   const struct runner *first, const struct runner *second)
{
	struct observation *o = &observation;
	struct cpu_stat before, after;
	int64_t start, elapsed, used, bound, least;

	cgroup_read_stat(&second->cg, &before);
	start = now_us();
	if (!observe(o, first, l, WATCH_PERIODS) || !runner_is_alive(second)) {
		cases_fail(c, "");
		return;
	}
	cgroup_read_stat(&second->cg, &after);
	elapsed = now_us() - start;
	used = after.usage_us - before.usage_us;
	bound = limit_allowed_us(l, elapsed) + l->quota_us;
	least = limit_least_us(l, elapsed) - l->quota_us;
	ktap_metric("sibling_usage", used, "us");
	ktap_metric("sibling_bound", bound, "us");
	ktap_metric("sibling_least", least, "us");
	if (used > bound || used < least)
		ktap_reason("the sibling used %lld us, from %lld us to %lld us are right",
			    (long long)used, (long long)least, (long long)bound);
	ktap_result(c->name, judge_guest(l, o) && used <= bound && used >= least);
}

static void sibling_limits(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	struct runner first, second = { .pid = 0 };
	char why[200] = "";

	if (2 * l->quota_us > t->cpus_online * (l->period_us - l->tick_us)) {
		cases_skip(c, "two such limits are more than the machine has: neither would be reached");
		return;
	}
	if (runner_start(&first, "sibling-a", &t->guest, l->quota_us, l->period_us, why, sizeof(why)) &&
	    runner_start(&second, "sibling-b", &t->guest, l->quota_us, l->period_us, why, sizeof(why)))
		judge_siblings(c, l, &first, &second);
	else
		cases_fail(c, why);
	runner_end(&second);
	runner_end(&first);
}

/* From a group without a limit into one that has it. */
static void moved_into_limit(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	struct observation *o = &observation;
	struct cgroup free_group, limited = { .path = "" };
	struct runner r = { .pid = 0 };
	struct cpu_stat left, later;
	char why[200] = "";
	int err = cgroup_create(&free_group, NULL, "free");

	if (!err)
		err = cgroup_create(&limited, NULL, c->name);
	if (!err)
		err = cgroup_set_max(&limited, l->quota_us, l->period_us);
	if (!err && runner_start_in(&r, &free_group, &t->guest, why, sizeof(why)) &&
	    sleep_until_us(now_us() + LEAD_PERIODS * l->period_us)) {
		err = cgroup_attach(&limited, r.pid);
		r.cg = limited;
		cgroup_read_stat(&free_group, &left);
		if (!err && observe(o, &r, l, WATCH_PERIODS)) {
			bool gone;

			cgroup_read_stat(&free_group, &later);
			gone = later.usage_us - left.usage_us <= l->cpus * l->tick_us;
			if (!gone)
				ktap_reason("still accounted to the group it left");
			ktap_result(c->name, gone &&
				    judge_guest(l, o));
		} else {
			cases_fail(c, err ? strerror(-err) : why);
		}
	} else {
		cases_fail(c, err ? strerror(-err) : why);
	}
	runner_end(&r);
	cgroup_remove(&limited);
	cgroup_remove(&free_group);
}

static const struct test_case cases[] = {
	{ "parent_limit_is_obeyed", "groups bug",
	  "Slices and containers nest: the limit of a group holds for all below it.",
	  parent_limit },
	{ "two_guests_share_a_limit", "groups bug",
	  "The limit is the group's, not the guest's, and neither guest may starve the other.",
	  shared_limit },
	{ "sibling_groups_keep_their_limits", "groups bug",
	  "Hosts run many limited guests: one that is held back must not hide or free another.",
	  sibling_limits },
	{ "moved_guest_obeys_the_new_limit", "groups bug",
	  "A running guest that is put into a limited group is limited from there on, and accounted there.",
	  moved_into_limit },
};

const struct case_group groups_cases = CASE_GROUP(cases);
