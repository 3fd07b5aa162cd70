// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "guest.h"
#include "runner.h"

#define COUNTER_STRIDE 128	/* a cache line each */
#define START_DEADLINE_US (10 * 1000000LL)

/* Written by the child. */
struct runner_shared {
	char error[160];
	int stats_fd;
};

static void *loop(void *count_at)
{
	volatile uint64_t *count = count_at;

	/* As long as the guest's loop, for the same reason. */
	for (;;) {
		(*count)++;
		asm volatile(".rept 1000\n\tnop\n\t.endr");
	}
	return NULL;
}

static uint64_t *loop_counter(const struct runner *r, int i)
{
	return (uint64_t *)((char *)r->memory + i * COUNTER_STRIDE);
}

/* As many threads as a guest has vCPUs. Returns only on an error. */
static void run_loops(struct runner *r)
{
	for (int i = 1; i < r->load.vcpus; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, loop, loop_counter(r, i))) {
			snprintf(r->shared->error, sizeof(r->shared->error), "pthread_create failed");
			return;
		}
	}
	loop(loop_counter(r, 0));
}

static void child(struct runner *r)
{
	sigset_t none;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Ctrl-C is for the parent: it knows what has to be cleaned up. */
	signal(SIGINT, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	err = cgroup_attach(&r->cg, 0);
	if (err)
		snprintf(r->shared->error, sizeof(r->shared->error), "cgroup.procs: %s", strerror(-err));
	else if (r->load.kind == RUN_LOOP)
		run_loops(r);
	else
		guest_run(r->memory, r->load.vcpus, r->load.hcall_us, &r->shared->stats_fd,
			  r->shared->error, sizeof(r->shared->error));
	_exit(1);
}

static uint64_t counter(const struct runner *r, int i)
{
	if (r->load.kind == RUN_LOOP)
		return *(volatile uint64_t *)loop_counter(r, i);
	return guest_counter(r->memory, i);
}

uint64_t runner_progress(const struct runner *r)
{
	uint64_t sum = 0;

	for (int i = 0; i < r->load.vcpus; i++)
		sum += counter(r, i);
	return sum;
}

const char *runner_error(const struct runner *r)
{
	return r->shared->error[0] ? r->shared->error : NULL;
}

int64_t runner_exits(const struct runner *r)
{
	int pidfd = syscall(SYS_pidfd_open, r->pid, 0);
	int fd = syscall(SYS_pidfd_getfd, pidfd, r->shared->stats_fd, 0);
	int64_t exits = fd < 0 ? -1 : guest_exits(fd);

	close(fd);
	close(pidfd);
	return exits;
}

/*
 * One vCPU is enough: on a broken kernel the first can run up so much debt
 * that the others wait for ever.
 */
static bool is_counting(const struct runner *r)
{
	return runner_progress(r) > 0;
}

static bool wait_for_start(struct runner *r, char *why, size_t len)
{
	int64_t end = now_us() + START_DEADLINE_US;

	while (!is_counting(r)) {
		if (runner_error(r)) {
			snprintf(why, len, "%s", runner_error(r));
			return false;
		}
		if (now_us() > end) {
			snprintf(why, len, "did not start to count within 10 s");
			return false;
		}
		if (!sleep_until_us(now_us() + 1000))
			return false;
	}
	return true;
}

bool runner_start(struct runner *r, const char *name, const struct workload *load,
		  int64_t quota_us, int64_t period_us, char *why, size_t len)
{
	int err;

	*r = (struct runner){ .load = *load };
	r->shared = mmap(NULL, sizeof(*r->shared), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	r->memory = guest_alloc_memory();
	if (r->shared == MAP_FAILED || !r->memory) {
		snprintf(why, len, "no memory for the guest");
		return false;
	}
	err = cgroup_create(&r->cg, name);
	if (!err)
		err = cgroup_set_max(&r->cg, quota_us, period_us);
	if (err) {
		snprintf(why, len, "cannot limit group %s: %s", r->cg.path, strerror(-err));
		return false;
	}
	r->pid = fork();
	if (r->pid < 0) {
		r->pid = 0;
		snprintf(why, len, "fork: %s", strerror(errno));
		return false;
	}
	if (!r->pid)
		child(r);
	return wait_for_start(r, why, len);
}

void runner_end(struct runner *r)
{
	if (r->pid) {
		kill(r->pid, SIGKILL);
		/* A broken kernel keeps the dead process for minutes; without its limit it ends now. */
		cgroup_set_max(&r->cg, -1, 0);
		while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
			;
		r->pid = 0;
	}
	cgroup_remove(&r->cg);
	if (r->memory) {
		guest_free_memory(r->memory);
		munmap(r->shared, sizeof(*r->shared));
		r->memory = NULL;
	}
}
