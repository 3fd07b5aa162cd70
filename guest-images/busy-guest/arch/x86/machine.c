// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "machine.h"

static bool is_on(const char *parameter)
{
	char value[4];

	machine_file(parameter, value, sizeof(value));
	return value[0] == 'Y' || value[0] == '1';
}

static const char *guests_mmu(void)
{
	if (is_on("/sys/module/kvm_amd/parameters/npt"))
		return "NPT";
	return is_on("/sys/module/kvm_intel/parameters/ept") ? "EPT" : "shadow";
}

void arch_machine(struct arch_machine *m)
{
	memset(m, 0, sizeof(*m));
	machine_cpuinfo("model name", m->cpu, sizeof(m->cpu));
	machine_file("/sys/class/dmi/id/product_name", m->platform, sizeof(m->platform));
	snprintf(m->mmu, sizeof(m->mmu), "%s", guests_mmu());
	m->nested_api = "none";
}

const char *arch_sleepless(void)
{
	return NULL;
}
