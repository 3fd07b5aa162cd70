// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tracefs.h"

#define TRACEFS	"/sys/kernel/tracing"

static char root[128];

int tracefs_write(const char *dir, const char *name, const char *text)
{
	char path[320];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_APPEND);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

bool tracefs_find(char *why, size_t len)
{
	FILE *mounts;
	struct mntent *m;

	/* Fails where it is mounted already. */
	mount("tracefs", TRACEFS, "tracefs", 0, NULL);
	root[0] = '\0';
	mounts = setmntent("/proc/self/mounts", "r");
	while (mounts && !root[0] && (m = getmntent(mounts)))
		if (!strcmp(m->mnt_type, "tracefs"))
			snprintf(root, sizeof(root), "%s", m->mnt_dir);
	if (mounts)
		endmntent(mounts);
	if (!root[0])
		snprintf(why, len, "no tracefs (CONFIG_FTRACE, CONFIG_KPROBE_EVENTS)");
	return root[0];
}

const char *tracefs_root(void)
{
	return root;
}

int tracefs_add_probe(const char *name, const char *function, const char *args)
{
	char text[320];

	snprintf(text, sizeof(text), "p:busyguest/%s %s %s", name, function, args);
	return tracefs_write(root, "kprobe_events", text);
}

int tracefs_remove_probe(const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "-:busyguest/%s", name);
	return tracefs_write(root, "kprobe_events", text);
}
