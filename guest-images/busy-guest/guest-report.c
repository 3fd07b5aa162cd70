// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest-report.h"

/* The first exit may be the one for the signal. */
#define SURE_ENTRIES 10

enum { SILENT, WRITING, SAID };

static void say(struct guest_report *report, bool is_fault, const char *fmt, va_list ap)
{
	int silent = SILENT;

	if (!__atomic_compare_exchange_n(&report->state, &silent, WRITING, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return;
	vsnprintf(report->error, sizeof(report->error), fmt, ap);
	report->is_fault = is_fault;
	__atomic_store_n(&report->state, SAID, __ATOMIC_RELEASE);
}

void report_error(struct guest_report *report, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(report, false, fmt, ap);
	va_end(ap);
}

bool report_errno(struct guest_report *report, const char *what)
{
	report_error(report, "%s: %s", what, strerror(errno));
	return false;
}

__attribute__((format(printf, 2, 3)))
static void say_fault(struct guest_report *report, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(report, true, fmt, ap);
	va_end(ap);
}

void report_vcpu_exit(struct guest_report *report, int vcpu, const struct kvm_run *run)
{
	switch (run->exit_reason) {
	case KVM_EXIT_FAIL_ENTRY:
		say_fault(report, "KVM_EXIT_FAIL_ENTRY hardware_entry_failure_reason=0x%llx cpu=%u vcpu=%d",
			  (unsigned long long)run->fail_entry.hardware_entry_failure_reason,
			  run->fail_entry.cpu, vcpu);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		say_fault(report, "KVM_EXIT_INTERNAL_ERROR suberror=%u vcpu=%d",
			  run->internal.suberror, vcpu);
		break;
	case KVM_EXIT_UNKNOWN:
		say_fault(report, "KVM_EXIT_UNKNOWN hardware_exit_reason=0x%llx vcpu=%d",
			  (unsigned long long)run->hw.hardware_exit_reason, vcpu);
		break;
	case KVM_EXIT_MMIO:
		say_fault(report, "KVM_EXIT_MMIO phys_addr=0x%llx vcpu=%d",
			  (unsigned long long)run->mmio.phys_addr, vcpu);
		break;
	default:
		/* A guest that only counts has no way to any of the others. */
		say_fault(report, "KVM_EXIT_%u vcpu=%d", run->exit_reason, vcpu);
	}
}

void report_vcpu_error(struct guest_report *report, int vcpu, int err)
{
	say_fault(report, "KVM_RUN: %s, vcpu=%d", strerror(err), vcpu);
}

static bool spins(const struct trail *before, const struct trail *after, int64_t us,
		  const char *when, char *why, size_t len)
{
	int64_t cpu_us = after->cpu_us - before->cpu_us;

	if (after->count != before->count || after->exits - before->exits >= SURE_ENTRIES ||
	    cpu_us < us / 2)
		return false;
	snprintf(why, len, "KVM_RUN: spins in the kernel %s, for %lld us in %lld s", when,
		 (long long)cpu_us, (long long)us / 1000000);
	return true;
}

bool report_survivor(const struct trail *before, const struct trail *after, int64_t us, char *why,
		     size_t len)
{
	int64_t entries = before->exits < 0 || after->exits < 0 ? 0 : after->exits - before->exits;

	if (entries >= SURE_ENTRIES) {
		snprintf(why, len, "KVM_RUN: goes on after SIGKILL, the guest was entered %lld times in %lld s",
			 (long long)entries, (long long)us / 1000000);
		return true;
	}
	return spins(before, after, us, "after SIGKILL", why, len);
}

bool report_starved(const struct trail *before, const struct trail *after, int64_t us, char *why,
		    size_t len)
{
	if (!before->runnable || !after->runnable || after->cpu_us != before->cpu_us)
		return false;
	snprintf(why, len, "SCHEDULER: a killed process without a limit gets no CPU, for %lld s",
		 (long long)us / 1000000);
	return true;
}

bool report_never_entered(const struct guest_report *report, const struct trail *after, int64_t us,
			  char *why, size_t len)
{
	const struct trail before = { 0 };

	/* A vCPU's thread says who it is just before KVM_RUN. */
	return __atomic_load_n(&report->tids[0], __ATOMIC_ACQUIRE) &&
	       spins(&before, after, us, "and does not enter the guest", why, len);
}

static void say_wrong(struct guest_report *report, int vcpu, const char *what)
{
	int silent = SILENT;

	__atomic_fetch_add(&report->wrong_returns, 1, __ATOMIC_RELAXED);
	if (!__atomic_compare_exchange_n(&report->wrong_state, &silent, WRITING, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	snprintf(report->wrong, sizeof(report->wrong), "%s, vcpu=%d", what, vcpu);
	__atomic_store_n(&report->wrong_state, SAID, __ATOMIC_RELEASE);
}

void report_return(struct guest_report *report, int vcpu, const struct kvm_return *ret)
{
	char what[96];

	__atomic_fetch_add(&report->returns, 1, __ATOMIC_RELAXED);
	if (ret->err != EINTR) {
		if (!ret->err && ret->exit_reason == KVM_RETURN_UNSET)
			say_wrong(report, vcpu, "KVM_RUN returned without an exit reason");
		return;
	}
	__atomic_fetch_add(&report->interrupted, 1, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&report->may_interrupt, __ATOMIC_ACQUIRE)) {
		say_wrong(report, vcpu, "KVM_RUN: EINTR, though nobody sent a signal");
	} else if (ret->exit_reason != KVM_EXIT_INTR) {
		snprintf(what, sizeof(what), ret->exit_reason == KVM_RETURN_UNSET ?
			 "KVM_RUN: EINTR, and exit_reason as it was before" :
			 "KVM_RUN: EINTR with exit_reason %u", ret->exit_reason);
		say_wrong(report, vcpu, what);
	} else if (ret->ran && ret->signal_exits >= 0 && ret->signal_exits != 1) {
		snprintf(what, sizeof(what), "KVM_RUN: EINTR, counted %lld times in signal_exits",
			 (long long)ret->signal_exits);
		say_wrong(report, vcpu, what);
	}
}

const char *report_wrong_return(const struct guest_report *report)
{
	return __atomic_load_n(&report->wrong_state, __ATOMIC_ACQUIRE) == SAID ? report->wrong : NULL;
}

const char *report_said(const struct guest_report *report)
{
	return __atomic_load_n(&report->state, __ATOMIC_ACQUIRE) == SAID ? report->error : NULL;
}
