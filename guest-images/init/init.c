// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of busyguest's initramfs: mounts what the payload needs, loads the
 * modules of a distribution's kernel, runs the payload with init's own arguments
 * (what follows "--" on the kernel command line), says between two marks what it
 * printed, and powers the machine off (BUSYGUEST_END=reboot before the "--": restarts it).
 * BUSYGUEST_BOOT=ID there is said with both marks, so that a console of another boot is known.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PAYLOAD "/busy-guest"
#define MODULES "/modules/"

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

static void load_module(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), MODULES "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		printf("init: module %s: %s\n", name, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* The order file has a file name a line; without it everything is built in. */
static void load_modules(void)
{
	FILE *order = fopen(MODULES "order", "r");
	char name[200];

	if (!order)
		return;
	while (fgets(name, sizeof(name), order)) {
		name[strcspn(name, "\n")] = '\0';
		load_module(name);
	}
	fclose(order);
}

/* A mark says which boot it is of, where the kernel command line does. */
static void print_mark(const char *mark)
{
	const char *id = getenv("BUSYGUEST_BOOT");

	printf("%s%s%s\n", mark, id ? " boot=" : "", id ? id : "");
	fflush(stdout);
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
	/* And whatever lost its parent: a dead process keeps its group. */
	while (waitpid(-1, &status, 0) != pid)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	char last[32];
	const char *end;

	(void)argc;
	mount_all();
	load_modules();
	print_mark("BUSYGUEST-START v1");
	snprintf(last, sizeof(last), "BUSYGUEST-END %d", run_payload(argv));
	print_mark(last);
	/* The console is slower than power-off, and firmware would print into our lines. */
	tcdrain(STDOUT_FILENO);
	sync();
	/* A host that was borrowed by ssh gets its own system back. */
	end = getenv("BUSYGUEST_END");
	reboot(end && !strcmp(end, "reboot") ? RB_AUTOBOOT : RB_POWER_OFF);
	return 0;
}
