/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers out of text. Pure, so that the host can test it under sanitizers. */
#ifndef BUSYGUEST_PARSE_H
#define BUSYGUEST_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* A decimal number and nothing else, from @min to @max. */
bool parse_number(const char *text, int64_t min, int64_t max, int64_t *value);

/* The value of "name value" in the lines of a cgroup's file; 0 when it is not there. */
int64_t parse_stat(const char *text, const char *name);

/* Field @field (from 3 on) of /proc/PID/stat; -1 when it is not there. */
int64_t parse_proc_stat(const char *text, int field);

#endif
