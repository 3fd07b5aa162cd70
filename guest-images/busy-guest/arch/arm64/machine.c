// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arch.h"
#include "machine.h"

/* How large a guest's memory can be. */
static void guests_mmu(char *text, size_t len)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	snprintf(text, len, "IPA %d bits", ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE));
	if (kvm >= 0)
		close(kvm);
}

void arch_machine(struct arch_machine *m)
{
	char implementer[16], part[16];

	machine_cpuinfo("CPU implementer", implementer, sizeof(implementer));
	machine_cpuinfo("CPU part", part, sizeof(part));
	snprintf(m->cpu, sizeof(m->cpu), "implementer %s part %s", implementer, part);
	machine_file("/proc/device-tree/model", m->platform, sizeof(m->platform));
	if (!m->platform[0])
		machine_file("/sys/class/dmi/id/product_name", m->platform, sizeof(m->platform));
	guests_mmu(m->mmu, sizeof(m->mmu));
	snprintf(m->interrupts, sizeof(m->interrupts), "%s",
		 machine_has("/proc/interrupts", "GICv3") ? "GICv3" : "GICv2");
	m->nested_api = "none";
}

const char *arch_sleepless(void)
{
	return NULL;
}
