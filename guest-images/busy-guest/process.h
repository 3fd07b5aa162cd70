/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of a process. */
#ifndef BUSYGUEST_PROCESS_H
#define BUSYGUEST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* CPU time of the process in us, from its own clock. */
int64_t process_cpu_us(pid_t pid);

/* The CPU that the first thread ran on last; -1 when it is not known. */
int process_cpu(pid_t pid);

/* Whether the first thread wants a CPU; false when it waits for something else, or is gone. */
bool process_is_runnable(pid_t pid);

/* Whether a deadly signal has reached the process: it is on its way out, or gone. */
bool process_is_ending(pid_t pid);

/* How many threads it has; -1 when it is gone. */
int process_threads(pid_t pid);

#endif
