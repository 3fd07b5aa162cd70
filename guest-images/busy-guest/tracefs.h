/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's tracing files (Documentation/trace/kprobetrace.rst). */
#ifndef BUSYGUEST_TRACEFS_H
#define BUSYGUEST_TRACEFS_H

#include <stdbool.h>
#include <stddef.h>

/* Finds tracefs, or mounts it. False with a reason when the kernel has none. */
bool tracefs_find(char *why, size_t len);

/* Where it is, after tracefs_find(). */
const char *tracefs_root(void);

/* Writes to a file below @dir without taking away what is there. 0 or -errno, like all below. */
int tracefs_write(const char *dir, const char *name, const char *text);

/* An event busyguest/@name at the entry of @function. */
int tracefs_add_probe(const char *name, const char *function, const char *args);
int tracefs_remove_probe(const char *name);

#endif
