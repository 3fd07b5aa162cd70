// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "parse.h"
#include "process.h"

#define PF_EXITING 0x4	/* include/linux/sched.h */

int64_t process_cpu_us(pid_t pid)
{
	struct timespec ts = { 0 };
	clockid_t clock;

	if (!clock_getcpuclockid(pid, &clock))
		clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* /proc/PID/stat (proc_pid_stat(5)); empty when the process is gone. */
static const char *stat_of(pid_t pid)
{
	static char text[1024];
	char path[64];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static int64_t proc_stat(pid_t pid, int field)
{
	return parse_proc_stat(stat_of(pid), field);
}

bool process_is_runnable(pid_t pid)
{
	return strstr(stat_of(pid), ") R ");
}

int process_cpu(pid_t pid)
{
	return proc_stat(pid, 39);	/* processor */
}

bool process_is_ending(pid_t pid)
{
	int64_t flags = proc_stat(pid, 9);	/* flags */

	return flags < 0 || flags & PF_EXITING;
}

int process_threads(pid_t pid)
{
	return proc_stat(pid, 20);	/* num_threads */
}
