// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest-report.h"

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

const char *report_said(const struct guest_report *report)
{
	return __atomic_load_n(&report->state, __ATOMIC_ACQUIRE) == SAID ? report->error : NULL;
}
