/* SPDX-License-Identifier: GPL-2.0-only */
/* The basic cases where time is real: all from one contest, which the first of them runs. */
#ifndef BUSYGUEST_REAL_TIME_H
#define BUSYGUEST_REAL_TIME_H

#include "cases.h"

void real_time_guest_unlimited(const struct test *t, const struct test_case *c);
void real_time_host_loop(const struct test *t, const struct test_case *c);
void real_time_limited_guest(const struct test *t);

#endif
