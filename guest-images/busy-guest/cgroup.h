/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup v2 groups with a CPU limit (Documentation/admin-guide/cgroup-v2.rst, "CPU"). */
#ifndef BUSYGUEST_CGROUP_H
#define BUSYGUEST_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup {
	char path[256];
};

/* A reading of cpu.stat. Times in microseconds. */
struct cpu_stat {
	int64_t usage_us;
	int64_t nr_periods;
	int64_t nr_throttled;
	int64_t throttled_us;
};

/*
 * Finds the cgroup2 mount and turns its cpu controller on for children.
 * Returns false and a reason when CPU limits cannot be set here.
 */
bool cgroup_init(char *why, size_t len);

/* Makes a group under the root, or in @parent. All return 0 or -errno. */
int cgroup_create(struct cgroup *cg, const struct cgroup *parent, const char *name);
/* A quota below 0 stands for "max": no limit. */
int cgroup_set_max(const struct cgroup *cg, int64_t quota_us, int64_t period_us);
/* Moves @pid; 0 is the caller. */
int cgroup_attach(const struct cgroup *cg, pid_t pid);
int cgroup_read_stat(const struct cgroup *cg, struct cpu_stat *st);
/* Lifts the limit and removes the group once it is empty. */
void cgroup_remove(struct cgroup *cg);

#endif
