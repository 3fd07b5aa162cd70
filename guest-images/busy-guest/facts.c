// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "clock.h"
#include "facts.h"
#include "guest.h"
#include "ktap.h"

/* The value of "key : value" in /proc/cpuinfo, empty when it is not there. */
static void cpuinfo(const char *key, char *value, size_t len)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[256];

	value[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, key, strlen(key)) || !colon)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(value, len, "%s", colon + 1 + (colon[1] == ' '));
		break;
	}
	if (f)
		fclose(f);
}

static bool kernel_said(const char *text)
{
	char record[8192];
	bool said = false;
	ssize_t n;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return false;
	while (!said && (n = read(fd, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		said = strstr(record, text);
	}
	close(fd);
	return said;
}

/* v6.7 brought it. An older kernel has it only from a distribution's backport, and then has functions of that name. */
static bool knows_nested_v2(void)
{
	struct utsname u;
	int major, minor;
	char line[512];
	bool known = false;
	FILE *f;

	if (uname(&u) || sscanf(u.release, "%d.%d", &major, &minor) != 2)
		return true;
	if (major > 6 || (major == 6 && minor >= 7))
		return true;
	f = fopen("/proc/kallsyms", "r");
	if (!f)
		return false;
	while (!known && fgets(line, sizeof(line), f))
		known = strstr(line, "nestedv2");
	fclose(f);
	return known;
}

/* POWER9 has v1 only; later ones ask for v2 first and say so when they fall back (kvmhv_nested_init()). */
const char *machine_nested_api(void)
{
	char cpu[128], platform[64], why[200];
	const char *kvm = guest_probe(why, sizeof(why));

	cpuinfo("cpu", cpu, sizeof(cpu));
	cpuinfo("platform", platform, sizeof(platform));
	/* PR needs no hypervisor for it. */
	if (!strstr(platform, "pSeries") || (kvm && !strcmp(kvm, "PR")))
		return "none";
	if (strstr(cpu, "POWER9") || kernel_said("falling back to nestedv1") || !knows_nested_v2())
		return "v1";
	return "v2";
}

void print_facts(const struct test *t, bool realtime)
{
	char cpu[128], platform[64], mmu[64], why[200];
	const char *kvm;
	struct utsname u;

	uname(&u);
	cpuinfo("cpu", cpu, sizeof(cpu));
	cpuinfo("platform", platform, sizeof(platform));
	cpuinfo("MMU", mmu, sizeof(mmu));
	ktap_fact("kernel_release", "%s", u.release);
	ktap_fact("cpu", "%s", cpu);
	ktap_fact("platform", "%s", platform);
	ktap_fact("mmu", "%s", mmu);
	ktap_fact("time", "%s", time_is_virtual() ? "virtual" : "real");
	kvm = guest_probe(why, sizeof(why));
	ktap_fact("kvm", "%s", kvm ? kvm : why);
	ktap_fact("nested_api", "%s", machine_nested_api());
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
