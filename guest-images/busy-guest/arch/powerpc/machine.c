// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "arch.h"
#include "guest.h"
#include "machine.h"

/* v6.7 brought it. An older kernel has it only from a distribution's backport, and then has functions of that name. */
static bool knows_nested_v2(void)
{
	struct utsname u;
	int major, minor;

	if (uname(&u) || sscanf(u.release, "%d.%d", &major, &minor) != 2)
		return true;
	if (major > 6 || (major == 6 && minor >= 7))
		return true;
	return machine_has("/proc/kallsyms", "nestedv2");
}

/* POWER9 has v1 only; later ones ask for v2 first and say so when they fall back (kvmhv_nested_init()). */
static const char *nested_api(const struct arch_machine *m)
{
	char why[200];
	const char *kvm = guest_probe(why, sizeof(why));

	/* PR needs no hypervisor for it. */
	if (!strstr(m->platform, "pSeries") || (kvm && !strcmp(kvm, "PR")))
		return "none";
	if (strstr(m->cpu, "POWER9") || machine_kernel_said("falling back to nestedv1") || !knows_nested_v2())
		return "v1";
	return "v2";
}

void arch_machine(struct arch_machine *m)
{
	m->interrupts[0] = '\0';
	machine_cpuinfo("cpu", m->cpu, sizeof(m->cpu));
	machine_cpuinfo("platform", m->platform, sizeof(m->platform));
	machine_cpuinfo("MMU", m->mmu, sizeof(m->mmu));
	m->nested_api = nested_api(m);
}

/* There it depends on the hypervisor below whether KVM learns of the guest's decrementer. */
const char *arch_sleepless(void)
{
	struct arch_machine m;

	arch_machine(&m);
	return strcmp(m.nested_api, "v2") ? NULL :
	       "the nested v2 of this machine does not let a guest sleep";
}
