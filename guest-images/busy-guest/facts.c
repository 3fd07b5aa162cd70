// SPDX-License-Identifier: GPL-2.0-only
#include <sys/utsname.h>
#include <unistd.h>

#include "arch.h"
#include "clock.h"
#include "facts.h"
#include "guest.h"
#include "ktap.h"

void print_facts(const struct test *t, bool realtime)
{
	struct arch_machine m;
	struct utsname u;
	const char *kvm;
	char why[200];

	uname(&u);
	arch_machine(&m);
	ktap_fact("kernel_release", "%s", u.release);
	ktap_fact("cpu", "%s", m.cpu);
	ktap_fact("platform", "%s", m.platform);
	ktap_fact("mmu", "%s", m.mmu);
	ktap_fact("time", "%s", time_is_virtual() ? "virtual" : "real");
	kvm = guest_probe(why, sizeof(why));
	ktap_fact("kvm", "%s", kvm ? kvm : why);
	ktap_fact("nested_api", "%s", m.nested_api);
	if (m.interrupts[0])
		ktap_fact("interrupts", "%s", m.interrupts);
	ktap_fact("page_size", "%ld", sysconf(_SC_PAGESIZE));
	ktap_fact("cpus_online", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	ktap_fact("tick_us", "%lld", (long long)t->limit.tick_us);
	ktap_fact("slice_us", "%lld", (long long)t->limit.slice_us);
	ktap_fact("limit", "%lld %lld", (long long)t->limit.quota_us,
		  (long long)t->limit.period_us);
	ktap_fact("vcpus", "%d", t->guest.vcpus);
	ktap_fact("hcall_us", "%lld", (long long)t->limit.lost_us);
	if (t->guest.lost_tick_us)
		ktap_fact("hypercalls", "where a tick is lost");
	else
		ktap_fact("hypercalls", "%s", t->guest.hcall_us ? "always" : "none");
	if (t->guest.vmm)
		ktap_fact("vmm_guest", "%s", t->guest.vmm_linux ? "linux" : "bare");
	ktap_fact("watcher", "%s", realtime ? "SCHED_FIFO" : "SCHED_OTHER");
}
