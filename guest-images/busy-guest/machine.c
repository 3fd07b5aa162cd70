// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

void machine_cpuinfo(const char *key, char *value, size_t len)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[4096];

	value[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, key, strlen(key)) || !colon)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(value, len, "%s", colon + 1 + (colon[1] == ' '));
		break;
	}
	if (f)
		fclose(f);
}

void machine_file(const char *path, char *line, size_t len)
{
	FILE *f = fopen(path, "r");

	if (!f || !fgets(line, len, f))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (f)
		fclose(f);
}

bool machine_has(const char *path, const char *text)
{
	FILE *f = fopen(path, "r");
	char line[4096];
	bool has = false;

	while (f && !has && fgets(line, sizeof(line), f))
		has = strstr(line, text);
	if (f)
		fclose(f);
	return has;
}

bool machine_kernel_said(const char *text)
{
	char record[8192];
	bool said = false;
	ssize_t n;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return false;
	while (!said && (n = read(fd, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		said = strstr(record, text);
	}
	close(fd);
	return said;
}
