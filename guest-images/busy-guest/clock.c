// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "clock.h"

#define WATCH_STEP_US		1000

static volatile sig_atomic_t stopping;

int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

bool sleep_until_us(int64_t at_us)
{
	struct timespec ts = {
		.tv_sec = at_us / 1000000,
		.tv_nsec = at_us % 1000000 * 1000,
	};

	while (!stopping && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
	return !stopping;
}

static bool virtual_time;

void clock_is_virtual(void)
{
	virtual_time = true;
}

bool time_is_virtual(void)
{
	return virtual_time;
}

bool watch_until_us(int64_t at_us, int64_t *late_us)
{
	int64_t now = now_us();

	while (!virtual_time && now < at_us) {
		int64_t asked = now + WATCH_STEP_US < at_us ? now + WATCH_STEP_US : at_us;

		if (!sleep_until_us(asked))
			return false;
		now = now_us();
		if (now - asked > *late_us)
			*late_us = now - asked;
	}
	return sleep_until_us(at_us);
}

static void on_signal(int sig)
{
	(void)sig;
	stopping = 1;
}

void stop_now(void)
{
	stopping = 1;
}

bool stop_requested(void)
{
	return stopping;
}

void stop_on_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	/* Who listens is gone: an ssh connection, say. The group must go too. */
	sigaction(SIGPIPE, &sa, NULL);
}

int64_t tick_us(void)
{
	struct timespec ts;

	clock_getres(CLOCK_MONOTONIC_COARSE, &ts);
	return (ts.tv_nsec + 999) / 1000;
}
