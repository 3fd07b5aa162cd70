// SPDX-License-Identifier: GPL-2.0-only
/* Signals, tracing and freezing of a guest that never comes back by itself. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "alive.h"
#include "arch.h"
#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"
#include "process.h"

#define LEAD_PERIODS	5	/* a kernel with the bug runs up debt meanwhile */
#define POLL_US		500

/* Starts a guest under @quota_us (below 0: none) and lets it run. False: all results are reported. */
static bool start(const struct test *t, const struct test_case *c, int64_t quota_us, struct runner *r)
{
	const struct limit *l = &t->limit;
	char why[200] = "";

	if (runner_start(r, c->name, &t->guest, quota_us, l->period_us, why, sizeof(why)) &&
	    sleep_until_us(now_us() + LEAD_PERIODS * l->period_us) && runner_is_alive(r)) {
		runner_may_interrupt(r);
		return true;
	}
	cases_fail(c, why);
	runner_end(r);
	return false;
}

/* Time until waitpid(2) has the news that @options ask for, or the deadline. */
static int64_t time_to_news(const struct test *t, struct runner *r, int options, int64_t start_us)
{
	int status;

	if (runner_wait(r, options, start_us + t->kill_deadline_us, &status) &&
	    (WIFEXITED(status) || WIFSIGNALED(status)))
		r->pid = 0;
	return now_us() - start_us;
}

/* Time until the guest counts again, or the deadline. */
static int64_t time_to_progress(const struct test *t, const struct runner *r, uint64_t before)
{
	int64_t start_us = now_us();

	while (runner_progress(r) == before && now_us() < start_us + t->kill_deadline_us &&
	       sleep_until_us(now_us() + POLL_US))
		;
	return now_us() - start_us;
}

static void stop_and_continue(const struct test *t, const struct test_case *c, int64_t quota_us,
			      int64_t bound_us)
{
	int64_t stop_us, continue_us;
	uint64_t stopped_at;
	struct runner r;
	bool stood;

	if (!start(t, c, quota_us, &r))
		return;
	stop_us = now_us();
	kill(r.pid, SIGSTOP);
	stop_us = time_to_news(t, &r, WUNTRACED, stop_us);
	stopped_at = runner_progress(&r);
	sleep_until_us(now_us() + t->limit.period_us);
	stood = runner_progress(&r) == stopped_at;
	kill(r.pid, SIGCONT);
	continue_us = time_to_progress(t, &r, stopped_at);
	runner_end(&r);
	if (!stood)
		ktap_reason("the guest went on while it was stopped");
	ktap_result(c->name, judge_latency("stop_latency", stop_us, bound_us) &&
		    judge_latency("continue_latency", continue_us, bound_us) && stood);
}

static void unlimited_stop(const struct test *t, const struct test_case *c)
{
	stop_and_continue(t, c, -1, limit_notice_us(&t->limit));
}

static void limited_stop(const struct test *t, const struct test_case *c)
{
	stop_and_continue(t, c, t->limit.quota_us, limit_kill_us(&t->limit));
}

/*
 * The signal must be seen within two ticks. Being gone takes longer by the end
 * of the VM, which waits for grace periods (virt/kvm/kvm_main.c, kvm_destroy_vm()).
 */
static void unlimited_term(const struct test *t, const struct test_case *c)
{
	int64_t start_us, look_us, seen_us, gone_us;
	struct runner r;

	if (!start(t, c, -1, &r))
		return;
	start_us = look_us = now_us();
	kill(r.pid, SIGTERM);
	while (!process_is_ending(r.pid) && now_us() < start_us + t->kill_deadline_us &&
	       sleep_until_us(look_us = now_us() + POLL_US))
		;
	/* Where bounds are wider, not now: what takes a VM's memory apart can keep the CPU to itself, and the look came late. */
	seen_us = (arch_wider_bounds ? look_us : now_us()) - start_us;
	gone_us = time_to_news(t, &r, 0, start_us);
	runner_end(&r);
	ktap_result(c->name, judge_latency("term_latency", seen_us, limit_notice_us(&t->limit)) &&
		    judge_latency("gone_latency", gone_us, judge_kill_us(&t->limit)));
}

static void unlimited_trace(const struct test *t, const struct test_case *c)
{
	struct runner r;
	int64_t latency;

	if (!start(t, c, -1, &r))
		return;
	if (ptrace(PTRACE_SEIZE, r.pid, NULL, NULL)) {
		cases_skip(c, errno == EPERM ? "ptrace is not allowed here" : "no ptrace");
		runner_end(&r);
		return;
	}
	latency = now_us();
	ptrace(PTRACE_INTERRUPT, r.pid, NULL, NULL);
	latency = time_to_news(t, &r, WUNTRACED, latency);
	ptrace(PTRACE_DETACH, r.pid, NULL, NULL);
	runner_end(&r);
	ktap_result(c->name, judge_latency("attach_latency", latency, limit_notice_us(&t->limit)));
}

/* Time until cgroup.events says @frozen, or the deadline. */
static int64_t time_to_freeze(const struct test *t, const struct runner *r)
{
	int64_t start_us = now_us();

	while (!cgroup_is_frozen(&r->cg) && now_us() < start_us + t->kill_deadline_us &&
	       sleep_until_us(now_us() + POLL_US))
		;
	return now_us() - start_us;
}

static void limited_freeze(const struct test *t, const struct test_case *c)
{
	int64_t bound = limit_kill_us(&t->limit), freeze_us, thaw_us;
	uint64_t frozen_at;
	struct runner r;
	bool stood;

	if (!start(t, c, t->limit.quota_us, &r))
		return;
	if (cgroup_freeze(&r.cg, true)) {
		cases_skip(c, "the kernel has no cgroup.freeze");
		runner_end(&r);
		return;
	}
	freeze_us = time_to_freeze(t, &r);
	frozen_at = runner_progress(&r);
	sleep_until_us(now_us() + t->limit.period_us);
	stood = runner_progress(&r) == frozen_at;
	cgroup_freeze(&r.cg, false);
	thaw_us = time_to_progress(t, &r, frozen_at);
	runner_end(&r);
	if (!stood)
		ktap_reason("the guest went on while it was frozen");
	ktap_result(c->name, judge_latency("freeze_latency", freeze_us, bound) &&
		    judge_latency("thaw_latency", thaw_us, bound) && stood);
}

static void limited_group_kill(const struct test *t, const struct test_case *c)
{
	struct runner r;
	int64_t latency;

	if (!start(t, c, t->limit.quota_us, &r))
		return;
	latency = now_us();
	if (cgroup_kill(&r.cg)) {
		cases_skip(c, "the kernel has no cgroup.kill");
		runner_end(&r);
		return;
	}
	latency = time_to_news(t, &r, 0, latency);
	runner_end(&r);
	ktap_result(c->name, judge_latency("kill_latency", latency, judge_kill_us(&t->limit)));
}

static const struct test_case cases[] = {
	{ "unlimited_guest_stops_and_continues", "signals",
	  "SIGSTOP and SIGCONT reach a vCPU that never leaves the kernel, within two ticks.",
	  unlimited_stop },
	{ "unlimited_guest_ends_at_sigterm", "signals",
	  "An orderly end of the guest's process is as prompt as a stop.",
	  unlimited_term },
	{ "unlimited_guest_can_be_traced", "signals",
	  "A debugger attaches to a spinning vCPU within two ticks.",
	  unlimited_trace },
	{ "limited_guest_stops_and_continues", "signals bug",
	  "A stop needs the way to user space, where a kernel with the bug collects the debt first.",
	  limited_stop },
	{ "limited_guest_freezes_and_thaws", "signals bug",
	  "cgroup.freeze is what container managers use, and waits behind the same debt.",
	  limited_freeze },
	{ "limited_guest_dies_by_cgroup_kill", "signals bug",
	  "cgroup.kill ends what is in a group without racing against forks, and must be as prompt as SIGKILL.",
	  limited_group_kill },
};

const struct case_group signals_cases = CASE_GROUP(cases);
