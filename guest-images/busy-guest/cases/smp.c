// SPDX-License-Identifier: GPL-2.0-only
/* More than one CPU: slices move between them, and CPUs come and go. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"
#include "process.h"

#define LEAD_PERIODS	3
#define WATCH_PERIODS	10

static struct observation observation;

static bool has_second_cpu(const struct test *t, const struct test_case *c)
{
	if (t->cpus_online >= 2)
		return true;
	cases_skip(c, "the machine has one CPU");
	return false;
}

/* A group that can be on any CPU, on @cpus at once. */
static void use_cpus(const struct test *t, struct limit *l, int cpus)
{
	l->cpus = cpus;
	l->others = t->cpus_online - cpus;
}

/* Two vCPUs on two CPUs under @quota_us. */
static void two_vcpus(const struct test *t, const struct test_case *c, int64_t quota_us)
{
	struct limit l = t->limit;
	struct workload load = t->guest;
	struct observation *o = &observation;
	char why[200] = "";
	struct runner r;

	if (!has_second_cpu(t, c))
		return;
	use_cpus(t, &l, 2);
	load.vcpus = 2;
	l.quota_us = quota_us;
	if (runner_start(&r, c->name, &load, l.quota_us, l.period_us, why, sizeof(why)) &&
	    observe(o, &r, &l, WATCH_PERIODS))
		ktap_result(c->name, judge_guest(&l, o));
	else
		cases_fail(c, why);
	runner_end(&r);
}

static void above_a_cpu(const struct test *t, const struct test_case *c)
{
	two_vcpus(t, c, t->limit.period_us * 3 / 2);
}

static void below_a_cpu(const struct test *t, const struct test_case *c)
{
	two_vcpus(t, c, t->limit.period_us / 2);
}

/* Window of a group whose guest was moved or lost a CPU; true when the limit held in it. */
static bool holds_now(const struct runner *r, const struct limit *l)
{
	struct observation *o = &observation;

	return observe(o, r, l, WATCH_PERIODS) &&
	       judge_guest(l, o);
}

static void moved_between_cpus(const struct test *t, const struct test_case *c)
{
	struct limit l = t->limit;
	struct workload load = t->guest;
	char why[200] = "";
	struct runner r;
	int cpu;
	bool held;

	if (!has_second_cpu(t, c))
		return;
	load.vcpus = 1;
	use_cpus(t, &l, 1);
	if (!runner_start(&r, c->name, &load, l.quota_us, l.period_us, why, sizeof(why))) {
		cases_fail(c, why);
	} else if (cgroup_set_cpus(&r.cg, "0")) {
		cases_skip(c, "the kernel has no cpuset controller (CONFIG_CPUSETS), or it is in use");
	} else {
		sleep_until_us(now_us() + LEAD_PERIODS * l.period_us);
		cgroup_set_cpus(&r.cg, "1");
		held = holds_now(&r, &l);
		cpu = process_cpu(r.pid);
		if (cpu != 1)
			ktap_reason("the guest is on CPU %d, not on CPU 1", cpu);
		ktap_result(c->name, held && cpu == 1);
	}
	runner_end(&r);
}

/* Takes the last CPU away or gives it back; false when the machine cannot. */
static bool set_online(int cpu, bool online)
{
	char path[64];
	int fd, n;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, online ? "1" : "0", 1);
	close(fd);
	return n == 1;
}

static void cpu_goes_and_comes(const struct test *t, const struct test_case *c)
{
	struct limit l = t->limit;
	struct workload load = t->guest;
	int last = t->cpus_online - 1;
	bool held, back;
	char why[200] = "";
	struct runner r;

	if (!has_second_cpu(t, c))
		return;
	load.vcpus = 2;
	if (!runner_start(&r, c->name, &load, l.quota_us, l.period_us, why, sizeof(why))) {
		cases_fail(c, why);
	} else if (!set_online(last, false)) {
		cases_skip(c, "CPUs cannot be taken offline here");
	} else {
		use_cpus(t, &l, last < 2 ? last : 2);
		l.others--;
		/* The debt of a CPU that goes is forgiven (unthrottle_offline_cfs_rqs()). */
		r.first_quota_us = -1;
		held = holds_now(&r, &l);
		back = set_online(last, true);
		use_cpus(t, &l, 2);
		if (held)
			held = holds_now(&r, &l);
		if (!back)
			ktap_reason("CPU %d did not come back", last);
		ktap_result(c->name, held && back);
	}
	runner_end(&r);
}

static const struct test_case cases[] = {
	{ "smp_limit_above_a_cpu", "smp bug",
	  "With more than one CPU of quota no vCPU alone exceeds it, only their sum.",
	  above_a_cpu },
	{ "smp_limit_below_a_cpu", "smp bug",
	  "Both vCPUs draw slices from one pool, and both have to stop when it is empty.",
	  below_a_cpu },
	{ "guest_moves_between_cpus", "smp bug",
	  "A cpuset change moves a vCPU to a CPU with an account of its own; the pool stays the same.",
	  moved_between_cpus },
	{ "cpu_goes_offline_and_comes_back", "smp bug",
	  "Hotplug gives runtime to the groups of a CPU that goes; the limit holds after it, and after the return.",
	  cpu_goes_and_comes },
};

const struct case_group smp_cases = CASE_GROUP(cases);
