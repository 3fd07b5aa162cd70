// SPDX-License-Identifier: GPL-2.0-only
/*
 * What init starts where the kernel's own KUnit tests are the test: runs each suite through debugfs, one after the
 * other, and prints its results as one test of our KTAP. The kernel is configured not to run them at boot, so that a
 * suite that hangs or crashes the machine does so where it can be named.
 *
 * Files of a suite, from lib/kunit/debugfs.c: writing to `run` runs it (a suite that runs at boot only has no such
 * file), `results` is a KTAP document with the suite as its only test.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <unistd.h>

#define DEBUGFS "/sys/kernel/debug"
#define SUITES DEBUGFS "/kunit"
#define SYSLOG_ACTION_CONSOLE_LEVEL 8
/* Errors and warnings: what the suites print themselves, which is in `results`, is KERN_INFO. */
#define WARNINGS 5

static int is_suite(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void path_of(char *path, size_t size, const char *suite, const char *file)
{
	snprintf(path, size, SUITES "/%s/%s", suite, file);
}

static void run_suite(const char *suite)
{
	char path[512];
	int fd;

	path_of(path, sizeof(path), suite, "run");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "run\n", 4) < 0)
		printf("# kunit: %s: %s\n", path, strerror(errno));
	close(fd);
}

/* Only the lines of the document itself are not indented: its head, and the result of the suite. */
static int is_of_suite(const char *line)
{
	return line[0] == ' ' || line[0] == '#';
}

static int is_result(const char *line)
{
	line += strspn(line, " ");
	return !strncmp(line, "ok ", 3) || !strncmp(line, "not ok ", 7);
}

/* Copies what belongs to the suite; its result gets the number that it has among all. */
static void print_results(const char *suite, int number)
{
	char path[512], *line = NULL;
	int passed = 0, tests = 0;
	size_t size = 0;
	FILE *results;

	path_of(path, sizeof(path), suite, "results");
	results = fopen(path, "re");
	while (results && getline(&line, &size, results) > 0)
		tests += is_of_suite(line) && is_result(line);
	if (results)
		rewind(results);
	while (results && getline(&line, &size, results) > 0) {
		if (!is_of_suite(line))
			passed |= !strncmp(line, "ok ", 3);
		else if (tests)
			fputs(line, stdout);
	}
	if (results)
		fclose(results);
	free(line);
	/* One that could not be set up has failed without a test; one that was not run is a success to the kernel. */
	if (passed && !tests)
		printf("ok %d %s # SKIP none of its tests was run: it may run at boot only\n", number, suite);
	else
		printf("%s %d %s\n", passed ? "ok" : "not ok", number, suite);
	fflush(stdout);
}

int main(void)
{
	struct dirent **suites;
	int count;

	/* EBUSY: it is mounted. */
	if (mount("debugfs", DEBUGFS, "debugfs", 0, NULL) && errno != EBUSY)
		printf("# kunit: mount %s: %s\n", DEBUGFS, strerror(errno));
	klogctl(SYSLOG_ACTION_CONSOLE_LEVEL, NULL, WARNINGS);
	count = scandir(SUITES, &suites, is_suite, alphasort);
	if (count < 0) {
		printf("Bail out! %s: %s\n", SUITES, strerror(errno));
		return 1;
	}
	for (int i = 0; i < count; i++)
		printf("# kunit: %s\n", suites[i]->d_name);
	printf("KTAP version 1\n1..%d\n", count);
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		run_suite(suites[i]->d_name);
		print_results(suites[i]->d_name, i + 1);
	}
	return 0;
}
