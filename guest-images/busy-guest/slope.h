/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BUSYGUEST_SLOPE_H
#define BUSYGUEST_SLOPE_H

#include <stdint.h>

/* A straight line through points, by least squares; fed one by one. Start from all zero. */
struct slope {
	int count;
	double x0, y0;		/* the first point: sums of differences lose no digits */
	double x, y, xx, xy;
};

void slope_add(struct slope *s, int64_t x, int64_t y);

/* How much y grows when x grows by 1, to the nearest integer; 0 with fewer than two different x. */
int64_t slope_of(const struct slope *s);

#endif
