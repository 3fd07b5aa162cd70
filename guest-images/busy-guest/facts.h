/* SPDX-License-Identifier: GPL-2.0-only */
/* What ran: printed once, so that a reader can tell which path of the kernel a result is about. */
#ifndef BUSYGUEST_FACTS_H
#define BUSYGUEST_FACTS_H

#include <stdbool.h>

#include "cases.h"

/* @realtime: the watcher got a real-time priority. */
void print_facts(const struct test *t, bool realtime);

/* How a hypervisor below runs our guests: "none", "v1" (H_ENTER_NESTED) or "v2" (the H_GUEST_* calls). */
const char *machine_nested_api(void);

#endif
