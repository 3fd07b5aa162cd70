// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "parse.h"

static char root[160];
static char v1_root[64];

static int write_file(const char *dir, const char *name, const char *text)
{
	char path[512];
	ssize_t n, len = strlen(text);
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n != len)
		err = n < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

static ssize_t read_file(const char *dir, const char *name, char *buf, size_t len)
{
	char path[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, len - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = '\0';
	close(fd);
	return n;
}

static bool find_mount(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *m;

	if (!mounts)
		return false;
	while (!root[0] && (m = getmntent(mounts)))
		if (!strcmp(m->mnt_type, "cgroup2"))
			snprintf(root, sizeof(root), "%s", m->mnt_dir);
	endmntent(mounts);
	return root[0] != '\0';
}

/* Of a list of controllers; "cpuset" is another one. */
static bool has_cpu(const char *list)
{
	for (const char *at = strstr(list, "cpu"); at; at = strstr(at + 1, "cpu"))
		if ((at == list || at[-1] == ' ') && strchr(" \n", at[3]))
			return true;
	return false;
}

/* As it was found; EBUSY when somebody else has begun to use it. */
static void turn_off(void)
{
	write_file(root, "cgroup.subtree_control", "-cpu");
}

bool cgroup_init(char *why, size_t len)
{
	char text[512];
	int err;

	if (!find_mount()) {
		snprintf(why, len, "no cgroup2 file system is mounted");
		return false;
	}
	if (read_file(root, "cgroup.controllers", text, sizeof(text)) < 0 ||
	    !has_cpu(text)) {
		snprintf(why, len, "the kernel has no cgroup v2 cpu controller (CONFIG_CGROUP_SCHED)");
		return false;
	}
	if (read_file(root, "cgroup.subtree_control", text, sizeof(text)) >= 0 &&
	    has_cpu(text))
		return true;
	err = write_file(root, "cgroup.subtree_control", "+cpu");
	if (!err)
		atexit(turn_off);
	if (err) {
		snprintf(why, len, "cannot turn the cpu controller on: %s", strerror(-err));
		return false;
	}
	return true;
}

int cgroup_create(struct cgroup *cg, const struct cgroup *parent, const char *name)
{
	size_t size = sizeof(cg->path);
	int n, err = 0;

	*cg = (struct cgroup){ .path = "" };
	if (parent) {
		err = write_file(parent->path, "cgroup.subtree_control", "+cpu");
		n = snprintf(cg->path, size, "%s/%s", parent->path, name);
	} else {
		n = snprintf(cg->path, size, "%s/busyguest-%d-%s", root, getpid(), name);
	}
	if (n >= (int)size)
		err = -ENAMETOOLONG;
	if (!err && mkdir(cg->path, 0755))
		err = -errno;
	if (err)
		cg->path[0] = '\0';
	return err;
}

int cgroup_set_max(const struct cgroup *cg, int64_t quota_us, int64_t period_us)
{
	char text[64];
	int err;

	if (cg->v1) {
		snprintf(text, sizeof(text), "%lld", (long long)period_us);
		err = quota_us < 0 ? 0 : write_file(cg->path, "cpu.cfs_period_us", text);
		snprintf(text, sizeof(text), "%lld", (long long)quota_us);
		return err ? err : write_file(cg->path, "cpu.cfs_quota_us", text);
	}
	if (quota_us < 0)
		return write_file(cg->path, "cpu.max", "max");
	snprintf(text, sizeof(text), "%lld %lld", (long long)quota_us, (long long)period_us);
	return write_file(cg->path, "cpu.max", text);
}

int cgroup_set_burst(const struct cgroup *cg, int64_t burst_us)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)burst_us);
	return write_file(cg->path, "cpu.max.burst", text);
}

int cgroup_attach(const struct cgroup *cg, pid_t pid)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", pid);
	return write_file(cg->path, "cgroup.procs", text);
}

int cgroup_set_cpus(const struct cgroup *cg, const char *cpus)
{
	int err = write_file(root, "cgroup.subtree_control", "+cpuset");

	return err ? err : write_file(cg->path, "cpuset.cpus", cpus);
}

int cgroup_freeze(const struct cgroup *cg, bool frozen)
{
	return write_file(cg->path, "cgroup.freeze", frozen ? "1" : "0");
}

int cgroup_kill(const struct cgroup *cg)
{
	return write_file(cg->path, "cgroup.kill", "1");
}

bool cgroup_is_frozen(const struct cgroup *cg)
{
	char text[128];

	return read_file(cg->path, "cgroup.events", text, sizeof(text)) > 0 &&
	       parse_stat(text, "frozen") == 1;
}

int cgroup_read_stat(const struct cgroup *cg, struct cpu_stat *st)
{
	char text[1024];
	ssize_t n = read_file(cg->path, "cpu.stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	if (cg->v1) {
		char usage[32];

		n = read_file(cg->path, "cpuacct.usage", usage, sizeof(usage));
		if (n < 0)
			return (int)n;
		st->usage_us = strtoll(usage, NULL, 10) / 1000;
	} else {
		st->usage_us = parse_stat(text, "usage_usec");
	}
	st->nr_periods = parse_stat(text, "nr_periods");
	st->nr_throttled = parse_stat(text, "nr_throttled");
	st->throttled_us = cg->v1 ? parse_stat(text, "throttled_time") / 1000 :
			   parse_stat(text, "throttled_usec");
	return 0;
}

void cgroup_remove(struct cgroup *cg)
{
	if (!cg->path[0])
		return;
	cgroup_set_max(cg, -1, 0);
	/* A process that was just reaped can hold its group for a moment. */
	for (int i = 0; i < 100 && rmdir(cg->path) && errno == EBUSY; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
	cg->path[0] = '\0';
}

/* Other groups would lose their limits with the controller. */
static bool root_has_groups(void)
{
	DIR *dir = opendir(root);
	struct dirent *entry;
	bool has = false;

	while (dir && !has && (entry = readdir(dir)))
		has = entry->d_type == DT_DIR && entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return has;
}

/* Groups that were just removed can hold the controller for a moment. */
static int mount_v1(void)
{
	for (int i = 0; i < 200; i++) {
		if (!mount("none", v1_root, "cgroup", 0, "cpu,cpuacct"))
			return 0;
		if (errno != EBUSY)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
	}
	return -errno;
}

bool cgroup_v1_mount(char *why, size_t len)
{
	int err;

	if (root_has_groups()) {
		snprintf(why, len, "the cpu controller is in use by groups of cgroup v2");
		return false;
	}
	mkdir("/tmp", 01777);
	snprintf(v1_root, sizeof(v1_root), "/tmp/busyguest-v1-%d", getpid());
	err = mkdir(v1_root, 0700) ? -errno : write_file(root, "cgroup.subtree_control", "-cpu");
	if (!err)
		err = mount_v1();
	if (err) {
		snprintf(why, len, "cgroup v1 cannot be mounted: %s (CONFIG_CGROUP_CPUACCT)", strerror(-err));
		rmdir(v1_root);
		write_file(root, "cgroup.subtree_control", "+cpu");
	}
	return !err;
}

void cgroup_v1_unmount(void)
{
	umount(v1_root);
	rmdir(v1_root);
	/* The controller comes back once the last of v1 is gone. */
	for (int i = 0; i < 200 && write_file(root, "cgroup.subtree_control", "+cpu"); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
}

int cgroup_v1_create(struct cgroup *cg, const char *name)
{
	*cg = (struct cgroup){ .v1 = true };
	if (snprintf(cg->path, sizeof(cg->path), "%s/%s", v1_root, name) >= (int)sizeof(cg->path))
		return -ENAMETOOLONG;
	return mkdir(cg->path, 0755) ? -errno : 0;
}
