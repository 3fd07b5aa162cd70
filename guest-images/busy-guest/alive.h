/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that ends by itself while it is watched: its numbers say nothing of limits. */
#ifndef BUSYGUEST_ALIVE_H
#define BUSYGUEST_ALIVE_H

#include <stdbool.h>

#include "runner.h"

/*
 * Whether @r, which nobody has killed, still runs as it was started. If not,
 * the test is given up (ktap_give_up()), with a line for the fault where it is
 * KVM's, and the rest is asked to stop: whoever calls need only clean up.
 */
bool runner_is_alive(const struct runner *r);

/* The same of what @r says itself, whether its process was killed or not. */
bool runner_is_sound(const struct runner *r);

#endif
