// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <sys/wait.h>

#include "alive.h"
#include "clock.h"
#include "ktap.h"

static bool give_up(const struct runner *r, const char *what, bool is_fault)
{
	if (stop_requested())
		return false;
	if (is_fault)
		ktap_fault(what);
	ktap_give_up("the %s ended by itself: %s", r->load.kind == RUN_LOOP ? "loop" : "guest", what);
	stop_now();
	return false;
}

bool runner_is_sound(const struct runner *r)
{
	char line[160];

	if (!r->memory)
		return true;
	if (runner_error(r) && r->report->is_fault)
		return give_up(r, runner_error(r), true);
	/* QEMU stops its guest and lives on. */
	if (r->load.kind == RUN_VMM && vmm_has_failed(&r->vmm, line, sizeof(line)))
		return give_up(r, line, true);
	return true;
}

static void say_end(const struct runner *r, const siginfo_t *info, char *why, size_t len)
{
	char line[160];

	if (r->load.kind == RUN_VMM) {
		vmm_last_line(&r->vmm, line, sizeof(line));
		snprintf(why, len, "QEMU ended: %s", line);
	} else if (info->si_pid) {
		snprintf(why, len, "%s %d", info->si_code == CLD_EXITED ? "exit" : "signal",
			 info->si_status);
	} else {
		/* A case waited for something else and has reaped it. */
		snprintf(why, len, "its process is gone");
	}
}

bool runner_is_alive(const struct runner *r)
{
	siginfo_t info = { 0 };
	char why[200];
	bool ended = r->pid && (waitid(P_PID, r->pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
				info.si_pid);

	/* Asked for afterwards: what has ended has said why, if it knew. */
	if (!runner_is_sound(r))
		return false;
	if (runner_error(r))
		return give_up(r, runner_error(r), false);
	if (!ended)
		return true;
	say_end(r, &info, why, sizeof(why));
	return give_up(r, why, false);
}
