// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "machine.h"

/* Of the many extensions those that make a difference to KVM. */
static void cpu_of(char *text, size_t len)
{
	static const char * const extensions[] = { "_sstc", "_ssaia", "_svadu" };
	char isa[3072];
	size_t n;

	machine_cpuinfo("isa", isa, sizeof(isa));
	n = snprintf(text, len, "%.*s", (int)strcspn(isa, "_"), isa);
	for (size_t i = 0; i < sizeof(extensions) / sizeof(*extensions) && n < len; i++)
		if (strstr(isa, extensions[i]))
			n += snprintf(text + n, len - n, "%s", extensions[i]);
}

void arch_machine(struct arch_machine *m)
{
	cpu_of(m->cpu, sizeof(m->cpu));
	machine_file("/proc/device-tree/model", m->platform, sizeof(m->platform));
	if (!m->platform[0])
		machine_file("/sys/class/dmi/id/product_name", m->platform, sizeof(m->platform));
	machine_cpuinfo("mmu", m->mmu, sizeof(m->mmu));
	snprintf(m->interrupts, sizeof(m->interrupts), "%s",
		 machine_kernel_said("AIA available with") ? "AIA" : "PLIC");
	m->nested_api = "none";
}

const char *arch_sleepless(void)
{
	return NULL;
}
