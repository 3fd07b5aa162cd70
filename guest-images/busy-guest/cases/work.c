// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work that the kernel queues to the vCPU's thread, other than throttling: the
 * bug is that none of it was done, so other users of it are affected too.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alive.h"
#include "arch.h"
#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"
#include "process.h"

#define LEAD_PERIODS	3
#define POLL_US		500
#define DEADLINE_US	(2 * 1000000LL)

/* Shared by the watcher, the guest's process and its helper. */
struct key_plan {
	int go;
	int err;		/* of the helper, -1 while it is not ready */
	int64_t queued_us;	/* when the work was queued */
	char old_keyring[32], new_keyring[32];
};

/* Queues work with TWA_RESUME to its parent, which replaces the parent's session keyring. */
static void give_keyring(struct key_plan *plan)
{
	struct sched_param fifo = { .sched_priority = WATCHER_PRIORITY - 1 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Not a victim of the guest's spinning. */
	sched_setscheduler(0, SCHED_FIFO, &fifo);
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, plan->new_keyring) < 0)
		plan->err = errno;
	else
		plan->err = 0;
	while (!__atomic_load_n(&plan->go, __ATOMIC_ACQUIRE))
		usleep(POLL_US);
	plan->queued_us = now_us();
	if (syscall(SYS_keyctl, KEYCTL_SESSION_TO_PARENT))
		plan->err = errno;
	for (;;)
		pause();
}

/*
 * In the guest's process: a keyring that only it has, and the helper that is to
 * replace it. No file may be opened afterwards: it would keep the credentials.
 */
static void prepare_keyring(void *arg)
{
	struct key_plan *plan = arg;

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, plan->old_keyring) < 0)
		plan->err = errno;
	else if (!fork())
		give_keyring(plan);
}

static bool keyring_exists(const char *name)
{
	FILE *f = fopen("/proc/keys", "r");
	char line[256];
	bool exists = false;

	while (f && !exists && fgets(line, sizeof(line), f))
		exists = strstr(line, name);
	if (f)
		fclose(f);
	return exists;
}

enum outcome {
	NOT_STARTED,	/* the process or its helper */
	NOT_SHOWN,	/* by /proc/keys, so that the end of the keyring would not be seen */
	NOT_DONE,	/* not even queued, or not before the deadline */
	DONE,
};

/* How it went to replace the keyring of a process. */
struct replacement {
	enum outcome outcome;
	int err;		/* of keyctl(2) */
	int threads;		/* of the process */
	int64_t latency_us;	/* from queueing the work until it was done, or until the deadline */
	char why[200];		/* where it is not DONE */
};

/*
 * Lets the helper queue the work and waits until the old keyring is gone, which
 * is when the work was done and an RCU grace period has passed.
 */
static void watch_keyring(struct key_plan *plan, struct replacement *r)
{
	int64_t go_us, end;
	bool gone = false;

	if (!keyring_exists(plan->old_keyring)) {
		r->outcome = NOT_SHOWN;
		snprintf(r->why, sizeof(r->why), "/proc/keys does not show the keyring");
		return;
	}
	go_us = now_us();
	end = go_us + DEADLINE_US;
	__atomic_store_n(&plan->go, 1, __ATOMIC_RELEASE);
	while (!plan->err && !(gone = !keyring_exists(plan->old_keyring)) && now_us() < end)
		sleep_until_us(now_us() + POLL_US);
	r->latency_us = now_us() - (plan->queued_us ? plan->queued_us : go_us);
	r->outcome = gone && plan->queued_us ? DONE : NOT_DONE;
	snprintf(r->why, sizeof(r->why), plan->queued_us ? "the work was not done in %lld us" :
		 "no work was queued in %lld us", (long long)r->latency_us);
}

static void replace_keyring(const struct test *t, const struct workload *load, struct replacement *r)
{
	struct workload prepared = *load;
	struct key_plan *plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct runner runner;

	*r = (struct replacement){ .outcome = NOT_STARTED };
	plan->err = -1;
	snprintf(plan->old_keyring, sizeof(plan->old_keyring), "busyguest-old-%d", getpid());
	snprintf(plan->new_keyring, sizeof(plan->new_keyring), "busyguest-new-%d", getpid());
	prepared.before = prepare_keyring;
	prepared.before_arg = plan;
	if (runner_start(&runner, "keyring", &prepared, -1, t->limit.period_us, r->why, sizeof(r->why))) {
		sleep_until_us(now_us() + LEAD_PERIODS * t->limit.period_us);
		if (!plan->err)
			watch_keyring(plan, r);
		if (plan->err) {
			r->err = plan->err < 0 ? EAGAIN : plan->err;
			r->outcome = NOT_STARTED;
			r->threads = process_threads(runner.pid);
			snprintf(r->why, sizeof(r->why), "keyctl: %s", strerror(r->err));
		}
		/* A dead process has its keyring until it is reaped, and does no work. */
		runner_is_alive(&runner);
	}
	runner_end(&runner);
	munmap(plan, sizeof(*plan));
}

/* Whether a plain loop shows what there is to see. False: the result is reported. */
static bool loop_shows(const struct test *t, const struct test_case *c, struct replacement *r)
{
	struct workload loop = { .kind = RUN_LOOP, .vcpus = 1 };

	replace_keyring(t, &loop, r);
	if (r->err == ENOSYS || r->err == EOPNOTSUPP)
		cases_skip(c, "the kernel has no keyrings (CONFIG_KEYS)");
	else if (r->outcome != DONE)
		ktap_undecided(c->name, "not even with a plain loop: %s", r->why);
	return r->outcome == DONE;
}

static void queued_work_runs(const struct test *t, const struct test_case *c)
{
	struct replacement loop, guest;
	struct workload load = t->guest;
	bool in_time;

	if (!loop_shows(t, c, &loop))
		return;
	/* The kernel gives a keyring to processes with one thread only. */
	load.vcpus = 1;
	replace_keyring(t, &load, &guest);
	if (guest.outcome == NOT_SHOWN) {
		ktap_undecided(c->name, "%s", guest.why);
		return;
	}
	/* For example kvm-nx-lpage-recovery. */
	if (arch_wider_bounds && guest.outcome == NOT_STARTED && guest.err == EPERM &&
	    guest.threads > 1) {
		cases_skip(c, "KVM has a thread in the guest's process, and a keyring is given to one without others only");
		return;
	}
	if (guest.outcome == NOT_STARTED) {
		cases_fail(c, guest.why);
		return;
	}
	ktap_metric("loop_latency", loop.latency_us, "us");
	/* Two ticks for the work, and as long as a loop takes twice: a grace period may have just begun. */
	in_time = judge_latency("work_latency", guest.latency_us,
				limit_notice_us(&t->limit) + 2 * loop.latency_us);
	if (guest.outcome != DONE)
		ktap_reason("%s", guest.why);
	ktap_result(c->name, in_time && guest.outcome == DONE);
}

/* A ring with one entry, and a file whose readiness completes it. */
struct ring {
	int fd, event;
	char *queue;		/* both rings: IORING_FEAT_SINGLE_MMAP */
	size_t size;
	struct io_uring_sqe *entry;
	struct io_uring_params params;
};

static bool ring_open(struct ring *ring)
{
	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, 1, &ring->params);
	if (ring->fd < 0)
		return false;
	ring->size = ring->params.cq_off.cqes +
		     ring->params.cq_entries * sizeof(struct io_uring_cqe);
	ring->queue = mmap(NULL, ring->size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			   IORING_OFF_SQ_RING);
	ring->entry = mmap(NULL, sizeof(*ring->entry), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			   IORING_OFF_SQES);
	ring->event = eventfd(0, EFD_CLOEXEC);
	return ring->queue != MAP_FAILED && ring->entry != MAP_FAILED && ring->event >= 0;
}

static void ring_close(struct ring *ring)
{
	munmap(ring->queue, ring->size);
	munmap(ring->entry, sizeof(*ring->entry));
	close(ring->event);
	close(ring->fd);
}

/* In the guest's process: whoever submits is who the completion is queued to, with TWA_SIGNAL. */
static void ring_submit(void *arg)
{
	struct ring *ring = arg;
	unsigned int *tail = (unsigned int *)(ring->queue + ring->params.sq_off.tail);

	*ring->entry = (struct io_uring_sqe){
		.opcode = IORING_OP_POLL_ADD,
		.fd = ring->event,
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		.poll32_events = POLLIN << 16,	/* the kernel takes the halves the other way round */
#else
		.poll32_events = POLLIN,
#endif
	};
	*(unsigned int *)(ring->queue + ring->params.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0);
}

static unsigned int ring_completions(const struct ring *ring)
{
	return __atomic_load_n((unsigned int *)(ring->queue + ring->params.cq_off.tail),
			       __ATOMIC_ACQUIRE);
}

static void signalled_work_runs(const struct test *t, const struct test_case *c)
{
	struct workload load = t->guest;
	struct ring ring;
	char why[200] = "";
	struct runner r;
	int64_t start, latency;
	uint64_t one = 1;

	if (!ring_open(&ring)) {
		cases_skip(c, "io_uring cannot be used here (CONFIG_IO_URING, kernel.io_uring_disabled)");
		return;
	}
	load.before = ring_submit;
	load.before_arg = &ring;
	if (runner_start(&r, c->name, &load, -1, t->limit.period_us, why, sizeof(why)) &&
	    sleep_until_us(now_us() + LEAD_PERIODS * t->limit.period_us) &&
	    !ring_completions(&ring)) {
		runner_may_interrupt(&r);
		start = now_us();
		if (write(ring.event, &one, sizeof(one)) < 0)
			snprintf(why, sizeof(why), "eventfd: %s", strerror(errno));
		while (!ring_completions(&ring) && now_us() < start + DEADLINE_US)
			sleep_until_us(now_us() + POLL_US);
		latency = now_us() - start;
		if (runner_is_alive(&r))
			ktap_result(c->name, judge_latency("work_latency", latency,
							   limit_notice_us(&t->limit)));
	} else {
		cases_fail(c, why);
	}
	runner_end(&r);
	ring_close(&ring);
}

static const struct test_case cases[] = {
	{ "queued_work_runs_at_once", "work bug",
	  "Throttling is one user of TIF_NOTIFY_RESUME; a keyring for the parent is another, without any limit.",
	  queued_work_runs },
	{ "signalled_work_runs_at_once", "work",
	  "TIF_NOTIFY_SIGNAL (io_uring completions) always made a vCPU return to user space, and still has to.",
	  signalled_work_runs },
};

const struct case_group work_cases = CASE_GROUP(cases);
