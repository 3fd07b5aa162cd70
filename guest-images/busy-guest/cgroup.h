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
	bool v1;
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
/* cpu.max.burst. */
int cgroup_set_burst(const struct cgroup *cg, int64_t burst_us);
/* Moves @pid; 0 is the caller. */
int cgroup_attach(const struct cgroup *cg, pid_t pid);
/* cpuset.cpus; turns the cpuset controller on. */
int cgroup_set_cpus(const struct cgroup *cg, const char *cpus);
int cgroup_freeze(const struct cgroup *cg, bool frozen);
bool cgroup_is_frozen(const struct cgroup *cg);
/* SIGKILL to all that is in it. */
int cgroup_kill(const struct cgroup *cg);
int cgroup_read_stat(const struct cgroup *cg, struct cpu_stat *st);
/* Lifts the limit and removes the group once it is empty. */
void cgroup_remove(struct cgroup *cg);

/*
 * Takes the cpu controller from v2 and mounts it as cgroup v1. Returns false
 * and a reason when that cannot be, above all when others have groups.
 */
bool cgroup_v1_mount(char *why, size_t len);
void cgroup_v1_unmount(void);
/* A group that all functions above but freeze, kill and cpuset can be used with. */
int cgroup_v1_create(struct cgroup *cg, const char *name);

#endif
