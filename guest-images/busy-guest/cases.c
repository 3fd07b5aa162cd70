// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "cases.h"
#include "cgroup.h"
#include "clock.h"
#include "guest.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"
#include "select.h"

extern const struct case_group basic_cases, quota_cases, burst_cases, groups_cases, exits_cases,
	signals_cases, work_cases, smp_cases, neighbours_cases, v1_cases, trace_cases, vcpus_cases,
	view_cases, nested_cases;

static const struct case_group * const groups[] = {
	&basic_cases,
	&vcpus_cases,
	&exits_cases,
	&nested_cases,
	&quota_cases,
	&burst_cases,
	&groups_cases,
	&signals_cases,
	&work_cases,
	&smp_cases,
	&neighbours_cases,
	&trace_cases,
	&view_cases,
	/* Takes the controller away from v2. */
	&v1_cases,
};

static const struct case_table table = { groups, sizeof(groups) / sizeof(*groups) };

char *cases_unknown(const struct selection *s)
{
	return select_unknown(&table, s);
}

int cases_count(const struct selection *s)
{
	return select_count(&table, s);
}

static void list_rows(const struct test_case *c, const struct test_case *end, void *arg)
{
	(void)arg;
	for (; c < end; c++)
		printf("%s\t%s\t%s\n", c->name, c->tags, c->why);
}

void cases_list(const struct selection *s)
{
	select_runs(&table, s, NULL, list_rows);
}

void cases_fail(const struct test_case *c, const char *why)
{
	for (const struct test_case *end = select_run_end(&table, c); c < end; c++) {
		ktap_reason("%s", why);
		ktap_result(c->name, false);
	}
}

void cases_skip(const struct test_case *c, const char *why)
{
	for (const struct test_case *end = select_run_end(&table, c); c < end; c++)
		ktap_skip(c->name, "%s", why);
}

#define WATCH_PERIODS	5

static struct observation observation;

void cases_watch_guest(const struct test_case *c, const struct limit *l,
		       const struct workload *load)
{
	struct observation *o = &observation;
	char why[200] = "";
	struct runner r;

	if (runner_start(&r, c->name, load, l->quota_us, l->period_us, why, sizeof(why)) &&
	    observe_until(o, &r, l, WATCH_PERIODS, limit_hopeless_debt_us(l)))
		ktap_result(c->name, judge_guest(l, o));
	else
		cases_fail(c, why);
	runner_end(&r);
}

static bool limit_can_be_set(char *why, size_t len)
{
	struct cgroup cg;
	int err;

	if (!cgroup_init(why, len))
		return false;
	err = cgroup_create(&cg, NULL, "probe");
	if (!err)
		err = cgroup_set_max(&cg, 10000, 100000);
	if (err)
		snprintf(why, len, "cpu.max: %s (CONFIG_CFS_BANDWIDTH)", strerror(-err));
	cgroup_remove(&cg);
	return !err;
}

/* Names everything that is missing, not just the first thing. */
static bool can_run(const struct test *t, char *why, size_t len)
{
	char limit_why[200] = "", kvm_why[200] = "";
	bool limit = limit_can_be_set(limit_why, sizeof(limit_why));
	bool kvm = guest_probe(kvm_why, sizeof(kvm_why));

	snprintf(why, len, "%s%s%s", limit_why, limit || kvm ? "" : "; ", kvm_why);
	if (limit && kvm && t->guest.kind == RUN_VMM && !arch_vmm) {
		snprintf(why, len, "QEMU cannot be the guest's user on this architecture");
		return false;
	}
	return limit && kvm;
}

struct running {
	const struct test *test;
	const char *missing;	/* why nothing can run, or NULL */
};

static void run_rows(const struct test_case *c, const struct test_case *end, void *arg)
{
	const struct running *running = arg;

	(void)end;
	if (running->missing)
		cases_skip(c, running->missing);
	else if (!stop_requested())
		c->run(running->test, c);
}

void cases_run(const struct test *t, const struct selection *s)
{
	struct running running = { .test = t };
	char why[420];
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);

	if (!can_run(t, why, sizeof(why)))
		running.missing = why;
	select_runs(&table, s, &running, run_rows);
}
