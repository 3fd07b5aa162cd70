// SPDX-License-Identifier: GPL-2.0-only
/* cgroup v1: the same scheduler behind other files. */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"

#define WATCH_PERIODS	10

static struct observation observation;

static void v1_quota(const struct test *t, const struct test_case *c)
{
	const struct limit *l = &t->limit;
	struct observation *o = &observation;
	struct runner r = { .pid = 0 };
	struct cgroup cg = { .path = "" };
	char why[200] = "";
	int err;

	if (!cgroup_v1_mount(why, sizeof(why))) {
		cases_skip(c, why);
		return;
	}
	err = cgroup_v1_create(&cg, c->name);
	if (!err)
		err = cgroup_set_max(&cg, l->quota_us, l->period_us);
	if (err)
		cases_fail(c, strerror(-err));
	else if (!runner_start_in(&r, &cg, &t->guest, why, sizeof(why)) ||
		 !observe(o, &r, l, WATCH_PERIODS))
		cases_fail(c, why);
	else
		ktap_result(c->name, judge_guest(l, o));
	runner_end(&r);
	cgroup_remove(&cg);
	cgroup_v1_unmount();
}

static const struct test_case cases[] = {
	{ "cgroup_v1_quota_is_obeyed", "v1 bug",
	  "Older hosts set cpu.cfs_quota_us; the limit is the same, and has to hold there as well.",
	  v1_quota },
};

const struct case_group v1_cases = CASE_GROUP(cases);
