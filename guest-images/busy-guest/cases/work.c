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

#include "cases.h"
#include "clock.h"
#include "judge.h"
#include "ktap.h"

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

/*
 * Time from queueing the work until the old keyring is gone, which is when the
 * work was done and an RCU grace period has passed. Negative: -errno.
 */
static int64_t keyring_latency(const struct test *t, const struct workload *load, char *why, size_t len)
{
	struct workload prepared = *load;
	struct key_plan *plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t latency, end;
	struct runner r;

	plan->err = -1;
	snprintf(plan->old_keyring, sizeof(plan->old_keyring), "busyguest-old-%d", getpid());
	snprintf(plan->new_keyring, sizeof(plan->new_keyring), "busyguest-new-%d", getpid());
	prepared.before = prepare_keyring;
	prepared.before_arg = plan;
	if (!runner_start(&r, "keyring", &prepared, -1, t->limit.period_us, why, len)) {
		latency = -EINVAL;
	} else {
		sleep_until_us(now_us() + LEAD_PERIODS * t->limit.period_us);
		__atomic_store_n(&plan->go, 1, __ATOMIC_RELEASE);
		end = now_us() + DEADLINE_US;
		while (!plan->err && keyring_exists(plan->old_keyring) && now_us() < end)
			sleep_until_us(now_us() + POLL_US);
		latency = plan->err ? -(plan->err < 0 ? EAGAIN : plan->err) : now_us() - plan->queued_us;
		snprintf(why, len, "keyctl: %s", strerror(plan->err < 0 ? EAGAIN : plan->err));
	}
	runner_end(&r);
	munmap(plan, sizeof(*plan));
	return latency;
}

static void queued_work_runs(const struct test *t, const struct test_case *c)
{
	struct workload loop = { .kind = RUN_LOOP, .vcpus = 1 }, guest = t->guest;
	int64_t loop_us, guest_us;
	char why[200] = "";

	/* The kernel gives a keyring to processes with one thread only. */
	guest.vcpus = 1;
	loop_us = keyring_latency(t, &loop, why, sizeof(why));
	if (loop_us == -ENOSYS || loop_us == -EOPNOTSUPP) {
		cases_skip(c, "the kernel has no keyrings (CONFIG_KEYS)");
		return;
	}
	if (loop_us < 0) {
		cases_fail(c, why);
		return;
	}
	guest_us = keyring_latency(t, &guest, why, sizeof(why));
	if (guest_us < 0) {
		cases_fail(c, why);
		return;
	}
	ktap_metric("loop_latency", loop_us, "us");
	/* Two ticks for the work, and as long as a loop takes twice: a grace period may have just begun. */
	ktap_result(c->name, judge_latency("work_latency", guest_us,
					   limit_notice_us(&t->limit) + 2 * loop_us));
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
		start = now_us();
		if (write(ring.event, &one, sizeof(one)) < 0)
			snprintf(why, sizeof(why), "eventfd: %s", strerror(errno));
		while (!ring_completions(&ring) && now_us() < start + DEADLINE_US)
			sleep_until_us(now_us() + POLL_US);
		latency = now_us() - start;
		ktap_result(c->name, judge_latency("work_latency", latency, limit_notice_us(&t->limit)));
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
