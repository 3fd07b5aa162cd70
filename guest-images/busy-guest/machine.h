/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of the machine. */
#ifndef BUSYGUEST_MACHINE_H
#define BUSYGUEST_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* The value of "key : value" in /proc/cpuinfo, empty when it is not there. */
void machine_cpuinfo(const char *key, char *value, size_t len);

/* The first line of a file, empty when it is not there. */
void machine_file(const char *path, char *line, size_t len);

/* Whether some line of a file has @text in it. */
bool machine_has(const char *path, const char *text);

/* Whether one of its messages, as far as they are kept, has @text in it. */
bool machine_kernel_said(const char *text);

#endif
