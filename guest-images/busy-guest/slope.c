// SPDX-License-Identifier: GPL-2.0-only
#include "slope.h"

void slope_add(struct slope *s, int64_t x, int64_t y)
{
	double dx, dy;

	if (!s->count++) {
		s->x0 = x;
		s->y0 = y;
	}
	dx = x - s->x0;
	dy = y - s->y0;
	s->x += dx;
	s->y += dy;
	s->xx += dx * dx;
	s->xy += dx * dy;
}

int64_t slope_of(const struct slope *s)
{
	double width = s->count * s->xx - s->x * s->x;
	double slope = width > 0 ? (s->count * s->xy - s->x * s->y) / width : 0;

	return slope < 0 ? slope - 0.5 : slope + 0.5;
}
