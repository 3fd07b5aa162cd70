// SPDX-License-Identifier: GPL-2.0-only
/* What the guest and its user see of the host: nothing, and what KVM's API says. */
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alive.h"
#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "observe.h"

#define SIGNALS		5
#define GAP_US		3000	/* between them, so that they fall into all parts of a tick */
#define POLL_US		200
#define DEADLINE_US	1000000

struct sending {
	int sent;
	int64_t worst_us;	/* until KVM_RUN had returned */
};

static uint64_t interrupted(const struct runner *r)
{
	return __atomic_load_n(&r->report->interrupted, __ATOMIC_ACQUIRE);
}

/* A signal to the thread of one vCPU; false when KVM_RUN does not return for it. */
static bool send(const struct runner *r, int vcpu, struct sending *s)
{
	pid_t tid = __atomic_load_n(&r->report->tids[vcpu], __ATOMIC_ACQUIRE);
	uint64_t before = interrupted(r);
	int64_t start_us = now_us(), took_us;

	syscall(SYS_tgkill, r->pid, tid, SIGUSR1);
	s->sent++;
	while (interrupted(r) == before && now_us() < start_us + DEADLINE_US &&
	       sleep_until_us(now_us() + POLL_US))
		;
	took_us = now_us() - start_us;
	if (took_us > s->worst_us)
		s->worst_us = took_us;
	return interrupted(r) != before;
}

/* Each vCPU's thread gets its signals; false where one is lost, or the guest could not run. */
static bool send_signals(const struct test *t, struct sending *s, char *why, size_t len)
{
	struct workload load = t->guest;
	struct runner r;
	bool all;

	/* Ours, also where QEMU's is tested: it can be asked. */
	load.kind = RUN_GUEST;
	all = runner_start(&r, "signals", &load, -1, t->limit.period_us, why, len);
	if (all)
		runner_may_interrupt(&r);
	for (int i = 0; all && i < SIGNALS; i++)
		for (int vcpu = 0; all && vcpu < load.vcpus; vcpu++) {
			all = sleep_until_us(now_us() + GAP_US);
			/* It may not have been on a CPU yet. */
			if (all && r.report->tids[vcpu])
				all = send(&r, vcpu, s);
		}
	all = all && runner_is_alive(&r);
	runner_end(&r);
	return all;
}

static void report_registers(const struct registers_seen *seen)
{
	ktap_metric("turns_checked", seen->turns, "count");
	ktap_metric("registers_lost", seen->lost, "count");
	ktap_metric("ticks_lost", seen->lost_ticks, "count");
	if (seen->lost)
		ktap_reason("a register lost its value in %llu turns; %s",
			    (unsigned long long)seen->lost, seen->first);
	else if (!seen->turns)
		ktap_reason("no guest has looked at its registers");
	ktap_result("guest_registers_are_kept", seen->turns && !seen->lost);
}

static void report_returns(const struct guests_seen *seen, const struct sending *s, int64_t bound_us,
			   bool all, const char *why)
{
	bool in_time = s->worst_us <= bound_us;

	ktap_metric("kvm_run_returns", seen->returns, "count");
	ktap_metric("wrong_returns", seen->wrong_returns, "count");
	ktap_metric("signals", s->sent, "count");
	ktap_metric("signal_latency", s->worst_us, "us");
	ktap_metric("bound", bound_us, "us");
	if (seen->wrong_returns)
		ktap_reason("%llu returns were wrong; %s", (unsigned long long)seen->wrong_returns,
			    seen->first_wrong);
	else if (!all)
		ktap_reason("%s", why[0] ? why : "a signal did not make KVM_RUN return");
	else if (!in_time)
		ktap_reason("KVM_RUN returned %lld us after a signal, at most %lld us are allowed",
			    (long long)s->worst_us, (long long)bound_us);
	ktap_result("kvm_run_returns_as_documented", !seen->wrong_returns && all && in_time);
}

/* After the others: what all their guests have seen counts. */
static void guests_view(const struct test *t, const struct test_case *c)
{
	/* In real time whoever is slow may be the machine; cases with signals are about that. */
	int64_t bound_us = time_is_virtual() ? limit_notice_us(&t->limit) : DEADLINE_US;
	struct sending s = { 0 };
	char why[200] = "";
	bool all = send_signals(t, &s, why, sizeof(why));

	(void)c;
	if (stop_requested())
		return;
	report_registers(&runner_guests()->registers);
	report_returns(runner_guests(), &s, bound_us, all && s.sent >= SIGNALS, why);
}

static const struct test_case cases[] = {
	{ "guest_registers_are_kept", "basic always",
	  "A guest that loses a register when it is held back computes nonsense, however well it keeps its limit.",
	  guests_view },
	{ "kvm_run_returns_as_documented", "basic always",
	  "A guest's user acts on what KVM_RUN returns: EINTR for a signal alone, with the exit reason that belongs to it.",
	  guests_view },
};

const struct case_group view_cases = CASE_GROUP(cases);
