// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"

static char root[160];

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

bool cgroup_init(char *why, size_t len)
{
	char text[512];
	int err;

	if (!find_mount()) {
		snprintf(why, len, "no cgroup2 file system is mounted");
		return false;
	}
	if (read_file(root, "cgroup.controllers", text, sizeof(text)) < 0 ||
	    !strstr(text, "cpu")) {
		snprintf(why, len, "the kernel has no cgroup v2 cpu controller (CONFIG_CGROUP_SCHED)");
		return false;
	}
	err = write_file(root, "cgroup.subtree_control", "+cpu");
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

	if (quota_us < 0)
		return write_file(cg->path, "cpu.max", "max");
	snprintf(text, sizeof(text), "%lld %lld", (long long)quota_us, (long long)period_us);
	return write_file(cg->path, "cpu.max", text);
}

int cgroup_attach(const struct cgroup *cg, pid_t pid)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", pid);
	return write_file(cg->path, "cgroup.procs", text);
}

static int64_t stat_field(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ' ')
			return strtoll(line + len, NULL, 10);
	}
	return 0;
}

int cgroup_read_stat(const struct cgroup *cg, struct cpu_stat *st)
{
	char text[1024];
	ssize_t n = read_file(cg->path, "cpu.stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	st->usage_us = stat_field(text, "usage_usec");
	st->nr_periods = stat_field(text, "nr_periods");
	st->nr_throttled = stat_field(text, "nr_throttled");
	st->throttled_us = stat_field(text, "throttled_usec");
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
