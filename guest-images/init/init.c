// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of busyguest's initramfs: mounts what the payload needs, runs it with
 * init's own arguments (what follows "--" on the kernel command line), says
 * between two marks what it printed, and powers the machine off.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAYLOAD "/busy-guest"

static const struct {
	const char *type, *dir;
} mounts[] = {
	{ "proc", "/proc" },
	{ "sysfs", "/sys" },
	{ "devtmpfs", "/dev" },
	{ "cgroup2", "/sys/fs/cgroup" },
};

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].dir, 0755);
		/* EBUSY: the kernel has mounted devtmpfs by itself. */
		if (mount(mounts[i].type, mounts[i].dir, mounts[i].type, 0, NULL) && errno != EBUSY)
			printf("init: mount %s: %s\n", mounts[i].dir, strerror(errno));
	}
}

static int run_payload(char **argv)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		argv[0] = PAYLOAD;
		execv(PAYLOAD, argv);
		printf("init: %s: %s\n", PAYLOAD, strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) != pid)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	int code;

	(void)argc;
	mount_all();
	printf("BUSYGUEST-START v1\n");
	fflush(stdout);
	code = run_payload(argv);
	printf("BUSYGUEST-END %d\n", code);
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
