// SPDX-License-Identifier: GPL-2.0-only
/* A guest that runs a guest: KVM can have a loop of its own for it. */
#include "cases.h"
#include "guest.h"
#include "ktap.h"

static void guest_of_a_guest(const struct test *t, const struct test_case *c)
{
	struct limit l = t->limit;
	struct workload load = t->guest;
	const char *lacking = guest_lacks_nesting();

	if (lacking) {
		cases_skip(c, lacking);
		return;
	}
	if (l.quota_us >= l.period_us - l.tick_us) {
		cases_skip(c, "with one vCPU nothing would be limited");
		return;
	}
	load.kind = RUN_GUEST;
	load.vcpus = l.vcpus = 1;
	load.nested = true;
	l.others += l.cpus - 1;
	l.cpus = 1;
	cases_watch_guest(c, &l, &load);
}

static const struct test_case cases[] = {
	{ "guest_of_a_guest_obeys_quota", "nested bug",
	  "A guest that is a hypervisor stays in a loop of its own while its guest runs, and has to be held back there.",
	  guest_of_a_guest },
};

const struct case_group nested_cases = CASE_GROUP(cases);
