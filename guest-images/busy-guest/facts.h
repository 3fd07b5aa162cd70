/* SPDX-License-Identifier: GPL-2.0-only */
/* What ran: printed once, so that a reader can tell which path of the kernel a result is about. */
#ifndef BUSYGUEST_FACTS_H
#define BUSYGUEST_FACTS_H

#include <stdbool.h>

#include "cases.h"

/* @realtime: the watcher got a real-time priority. */
void print_facts(const struct test *t, bool realtime);

#endif
