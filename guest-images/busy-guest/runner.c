// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "alive.h"
#include "arch.h"
#include "clock.h"
#include "guest.h"
#include "ktap.h"
#include "loop.h"
#include "process.h"
#include "runner.h"

#define START_DEADLINE_US (10 * 1000000LL)
/* QEMU and its guest have to boot. */
#define VMM_START_DEADLINE_US (120 * 1000000LL)
/* A Linux guest sometimes stops for good while it boots, under TCG (docs/devices.md). */
#define VMM_STARTS 3
/* Linux is still busy with its console when its init begins to count. */
#define VMM_SETTLED_COUNT 1000
#define LEAVE_DEADLINE_US (1 * 1000000LL)
#define END_DEADLINE_US (20 * 1000000LL)

static void pin_to_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void child(struct runner *r)
{
	sigset_t none;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Ctrl-C is for the parent: it knows what has to be cleaned up. */
	signal(SIGINT, SIG_IGN);
	/* The parent's handlers are not for the guest. */
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (r->load.pinned)
		pin_to_this_cpu();
	err = cgroup_attach(&r->cg, 0);
	if (err) {
		report_error(r->report, "cgroup.procs: %s", strerror(-err));
		_exit(1);
	}
	if (r->load.kind == RUN_LOOP) {
		loop_run(r->memory, &r->load);
		report_error(r->report, "pthread_create failed");
	} else if (r->load.kind == RUN_VMM) {
		vmm_exec(&r->vmm, &r->load);
		report_error(r->report, "%s: %s", r->load.vmm, strerror(errno));
	} else {
		guest_run(r->memory, &r->load, r->report);
	}
	_exit(1);
}

static uint64_t counter(const struct runner *r, int i)
{
	if (r->load.kind == RUN_LOOP)
		return loop_counter(r->memory, i);
	return guest_counter(r->memory, i);
}

uint64_t runner_progress(const struct runner *r)
{
	uint64_t sum = 0;

	if (r->load.kind == RUN_VMM)
		return vmm_counter(&r->vmm);
	for (int i = 0; i < r->load.vcpus; i++)
		sum += counter(r, i);
	return sum;
}

void runner_look(const struct runner *r)
{
	for (int i = 0; r->load.kind == RUN_GUEST && i < r->load.vcpus; i++)
		registers_look((void *)guest_page(r->memory, i), arch_clock);
}

const char *runner_error(const struct runner *r)
{
	return report_said(r->report);
}

int64_t runner_exits(const struct runner *r)
{
	int pidfd = syscall(SYS_pidfd_open, r->pid, 0);
	int fd = syscall(SYS_pidfd_getfd, pidfd, r->report->stats_fd, 0);
	int64_t exits = fd < 0 ? -1 : guest_exits(fd);

	close(fd);
	close(pidfd);
	return exits;
}

int64_t runner_longest_kvm_run_us(const struct runner *r)
{
	return r->kvm_run.running ? kvm_run_longest_us(&r->kvm_run) : -1;
}

uint64_t runner_returns(const struct runner *r)
{
	return *(volatile uint64_t *)&r->report->returns;
}

bool runner_wait(const struct runner *r, int options, int64_t deadline_us, int *status)
{
	sigset_t chld;

	/* Blocked in this process, so that none is lost before the wait. */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	while (waitpid(r->pid, status, options | WNOHANG) != r->pid) {
		int64_t left = deadline_us - now_us();
		struct timespec ts = { .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };

		if (left <= 0)
			return false;
		sigtimedwait(&chld, NULL, &ts);
	}
	return true;
}

void runner_may_interrupt(struct runner *r)
{
	if (r->report)
		__atomic_store_n(&r->report->may_interrupt, true, __ATOMIC_RELEASE);
}

static struct guests_seen seen;

const struct guests_seen *runner_guests(void)
{
	return &seen;
}

/* What a guest leaves. */
static void take_account(const struct runner *r)
{
	const char *slash = strrchr(r->cg.path, '/'), *who = slash ? slash + 1 : r->cg.path;
	const char *wrong = report_wrong_return(r->report);

	for (int i = 0; i < r->load.vcpus; i++)
		registers_add(&seen.registers, guest_page(r->memory, i), who);
	seen.returns += runner_returns(r);
	seen.wrong_returns += r->report->wrong_returns;
	if (wrong && !seen.first_wrong[0])
		snprintf(seen.first_wrong, sizeof(seen.first_wrong), "%.30s: %s", who, wrong);
}

static struct trail trail_of(const struct runner *r)
{
	return (struct trail){ .exits = runner_exits(r), .count = runner_progress(r),
			       .cpu_us = process_cpu_us(r->pid),
			       .runnable = process_is_runnable(r->pid) };
}

/* Waits for a killed process to be gone; one that stays ends the whole test. */
static void wait_for_end(const struct runner *r)
{
	struct trail before, after;
	char why[160];

	/* By then a kernel that knows of the signal has left the guest. */
	if (runner_wait(r, 0, now_us() + LEAVE_DEADLINE_US, NULL))
		return;
	before = trail_of(r);
	if (runner_wait(r, 0, now_us() + END_DEADLINE_US, NULL))
		return;
	after = trail_of(r);
	if (report_starved(&before, &after, END_DEADLINE_US, why, sizeof(why)) ||
	    (r->load.kind == RUN_GUEST &&
	     report_survivor(&before, &after, END_DEADLINE_US, why, sizeof(why))))
		ktap_fault(why);
	ktap_bail_out("a killed guest without a limit is still there after %lld s",
		      (LEAVE_DEADLINE_US + END_DEADLINE_US) / 1000000);
}

/* Afterwards another can be started in the same group. */
static void end_process(struct runner *r)
{
	if (r->pid) {
		bool is_there = !kill(r->pid, SIGKILL);

		/* A broken kernel keeps the dead process for minutes; without its limit it ends now. */
		cgroup_set_max(&r->cg, -1, 0);
		if (is_there)
			wait_for_end(r);
		r->pid = 0;
	}
	kvm_run_end(&r->kvm_run);
	if (r->report && r->load.kind == RUN_VMM)
		vmm_free(&r->vmm);
	if (r->memory) {
		if (r->load.kind == RUN_GUEST)
			take_account(r);
		guest_free_memory(r->memory);
		munmap(r->report, sizeof(*r->report));
		r->memory = NULL;
	}
}

/*
 * One vCPU is enough: on a broken kernel the first can run up so much debt
 * that the others wait for ever.
 */
static bool is_counting(struct runner *r)
{
	if (r->load.kind == RUN_VMM)
		return vmm_find_counter(&r->vmm) && runner_progress(r) > VMM_SETTLED_COUNT;
	return runner_progress(r) > 0;
}

/* Memory that parent and child share. Safe to call again for the same runner. */
static bool prepare(struct runner *r, const struct workload *load, char *why, size_t len)
{
	r->load = *load;
	r->report = mmap(NULL, sizeof(*r->report), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	r->memory = guest_alloc_memory();
	if (r->report == MAP_FAILED || !r->memory) {
		snprintf(why, len, "no memory for the guest");
		return false;
	}
	r->report->stats_fd = -1;
	return load->kind != RUN_VMM || vmm_alloc(&r->vmm, load, why, len);
}

enum start { STARTED, FAILED, LATE };

static enum start wait_for_start(struct runner *r, int64_t wait_us, char *why, size_t len)
{
	char line[160];
	bool is_vmm = r->load.kind == RUN_VMM;
	int64_t end = now_us() + wait_us;

	while (!is_counting(r)) {
		if (runner_error(r)) {
			snprintf(why, len, "%s", runner_error(r));
			/* What could not be made or opened is the case's to report; KVM's fault is not. */
			runner_is_sound(r);
			return FAILED;
		}
		if (is_vmm && waitpid(r->pid, NULL, WNOHANG) == r->pid) {
			r->pid = 0;
			vmm_last_line(&r->vmm, line, sizeof(line));
			runner_end(r);
			ktap_bail_out("QEMU ended: %s", line);
		}
		if (now_us() > end)
			return LATE;
		/* QEMU is at work on this CPU. */
		if (!sleep_until_us(now_us() + (is_vmm ? 10000 : 1000)))
			return FAILED;
	}
	return STARTED;
}

static enum start start_once(struct runner *r, const struct workload *load, int64_t wait_us,
			     char *why, size_t len)
{
	if (!prepare(r, load, why, len))
		return FAILED;
	if (load->kind == RUN_GUEST && load->lost_tick_us)
		guest_learn_ticks();
	r->pid = fork();
	if (r->pid < 0) {
		r->pid = 0;
		snprintf(why, len, "fork: %s", strerror(errno));
		return FAILED;
	}
	if (!r->pid)
		child(r);
	return wait_for_start(r, wait_us, why, len);
}

static void blame_for_late_start(const struct runner *r, int64_t us)
{
	struct trail after = trail_of(r);
	char why[160];

	if (r->load.kind == RUN_GUEST &&
	    report_never_entered(r->report, &after, us, why, sizeof(why)))
		ktap_fault(why);
}

/* Each start gets twice the time of the one before; the last one all that there is. */
static bool start(struct runner *r, const struct workload *load, int starts, char *why, size_t len)
{
	int64_t deadline_us = load->kind == RUN_VMM ? VMM_START_DEADLINE_US : START_DEADLINE_US;
	int64_t wait_us = deadline_us >> (starts - 1);
	enum start state;

	while ((state = start_once(r, load, wait_us, why, len)) == LATE && wait_us < deadline_us) {
		ktap_note("a guest did not start to count within %lld s: it is started anew",
			  (long long)wait_us / 1000000);
		end_process(r);
		wait_us *= 2;
	}
	if (state == LATE) {
		blame_for_late_start(r, wait_us);
		runner_end(r);
		/* A guest that never ran tells nothing of limits: no FAIL, which a pair could take for the bug. */
		ktap_bail_out("a guest did not start to count within %lld s",
			      (long long)wait_us / 1000000);
	}
	return state == STARTED;
}

bool runner_start_in(struct runner *r, const struct cgroup *cg, const struct workload *load,
		     char *why, size_t len)
{
	*r = (struct runner){ .cg = *cg, .first_quota_us = -1 };
	/* Ending a process lifts the limit of its group, which is not ours. */
	return start(r, load, 1, why, len);
}

bool runner_start(struct runner *r, const char *name, const struct workload *load,
		  int64_t quota_us, int64_t period_us, char *why, size_t len)
{
	bool is_vmm = load->kind == RUN_VMM;
	int err;

	*r = (struct runner){ .owns_group = true, .first_quota_us = -1 };
	err = cgroup_create(&r->cg, NULL, name);
	/* As an operator does it: QEMU and its guest boot first, and are limited then. */
	if (!err && !is_vmm) {
		err = cgroup_set_max(&r->cg, quota_us, period_us);
		r->first_quota_us = quota_us;
	}
	if (!err && !start(r, load, is_vmm ? VMM_STARTS : 1, why, len))
		return false;
	if (!err && is_vmm) {
		kvm_run_watch(&r->kvm_run, r->pid);
		err = cgroup_set_max(&r->cg, quota_us, period_us);
	}
	if (err)
		snprintf(why, len, "cannot limit group %s: %s", name, strerror(-err));
	return !err;
}

int runner_set_max(struct runner *r, int64_t quota_us, int64_t period_us)
{
	r->first_quota_us = -1;
	return cgroup_set_max(&r->cg, quota_us, period_us);
}

void runner_end(struct runner *r)
{
	runner_is_sound(r);
	end_process(r);
	if (r->owns_group)
		cgroup_remove(&r->cg);
}
