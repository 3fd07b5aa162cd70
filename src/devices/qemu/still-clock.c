// SPDX-License-Identifier: GPL-2.0-only
// Loaded before QEMU's libraries: the time of day is always that of its -rtc, 2026-01-01 (src/devices/qemu/still-clock.ts).
struct timeval {
	long tv_sec;
	long tv_usec;
};

int gettimeofday(struct timeval *now, void *zone)
{
	(void)zone;
	if (now) {
		now->tv_sec = 1767225600;
		now->tv_usec = 0;
	}
	return 0;
}
