// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "kvm-run.h"

/* PTRACE_O_TRACESYSGOOD marks them. */
#define SYSCALL_STOP (SIGTRAP | 0x80)

static pid_t first_vcpu(pid_t qemu)
{
	char path[64], name[32];
	struct dirent *entry;
	pid_t found = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", qemu);
	tasks = opendir(path);
	while (tasks && !found && (entry = readdir(tasks))) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/comm", qemu, entry->d_name);
		f = fopen(path, "re");
		if (f && fgets(name, sizeof(name), f) && !strcmp(name, "CPU 0/KVM\n"))
			found = atoi(entry->d_name);
		if (f)
			fclose(f);
	}
	if (tasks)
		closedir(tasks);
	return found;
}

static void take_stop(struct kvm_run_watch *w)
{
	struct __ptrace_syscall_info info;
	int64_t stay;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, w->tid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_ioctl &&
	    info.entry.args[1] == KVM_RUN) {
		w->entered_us = now_us();
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && w->entered_us) {
		stay = now_us() - w->entered_us;
		w->entered_us = 0;
		if (stay > w->longest_us)
			w->longest_us = stay;
	}
}

/* The tracer is one thread, from the first call to the last. */
static void *trace_vcpu(void *arg)
{
	struct kvm_run_watch *w = arg;
	struct sched_param fifo = { .sched_priority = 1 };
	int status;

	/* A vCPU that has stopped waits for us. */
	sched_setscheduler(0, SCHED_FIFO, &fifo);
	if (ptrace(PTRACE_SEIZE, w->tid, NULL, PTRACE_O_TRACESYSGOOD) ||
	    ptrace(PTRACE_INTERRUPT, w->tid, NULL, NULL))
		return NULL;
	while (waitpid(w->tid, &status, __WALL) == w->tid && WIFSTOPPED(status)) {
		int sig = WSTOPSIG(status);
		bool ours = sig == SYSCALL_STOP || status >> 16 == PTRACE_EVENT_STOP;

		if (sig == SYSCALL_STOP)
			take_stop(w);
		ptrace(PTRACE_SYSCALL, w->tid, NULL, ours ? 0L : (long)sig);
	}
	return NULL;
}

bool kvm_run_watch(struct kvm_run_watch *w, pid_t qemu)
{
	memset(w, 0, sizeof(*w));
	w->tid = first_vcpu(qemu);
	w->running = w->tid && !pthread_create(&w->thread, NULL, trace_vcpu, w);
	return w->running;
}

int64_t kvm_run_longest_us(const struct kvm_run_watch *w)
{
	int64_t entered = *(const volatile int64_t *)&w->entered_us;
	int64_t present = entered ? now_us() - entered : 0;

	return present > w->longest_us ? present : w->longest_us;
}

void kvm_run_end(struct kvm_run_watch *w)
{
	if (w->running)
		pthread_join(w->thread, NULL);
	w->running = false;
}
