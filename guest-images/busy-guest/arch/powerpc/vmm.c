// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "arch.h"

#define SETTINGS	0x100000	/* firmware.S: time base ticks between hypercalls */
#define FIRMWARE_ENTRY	0x100		/* hw/ppc/spapr.c, SPAPR_ENTRY_POINT */
#define TIMEBASE_PER_US	512

/* What a nested KVM host cannot promise to its guest is not asked for. */
#define MACHINE	"pseries,memory-backend=ram,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken," \
		"cap-ccf-assist=off,cap-hpt-max-page-size=4k"

/* firmware.S */
extern const uint32_t firmware_start[], firmware_end[];

static bool write_firmware(int fd)
{
	size_t count = firmware_end - firmware_start;

	for (size_t i = 0; i < count; i++) {
		uint32_t instruction = __builtin_bswap32(firmware_start[i]);

		if (pwrite(fd, &instruction, 4, FIRMWARE_ENTRY + 4 * i) != 4)
			return false;
	}
	return true;
}

static bool write_guest(int firmware_fd, int memory_fd, const struct workload *load)
{
	uint64_t ticks = __builtin_bswap64(load->hcall_us * TIMEBASE_PER_US);

	return write_firmware(firmware_fd) &&
	       pwrite(memory_fd, &ticks, sizeof(ticks), SETTINGS) == sizeof(ticks);
}

static const struct arch_vmm pseries = {
	.machine = MACHINE,
	.linux_machine = MACHINE ",x-vof=on",
	.console = "hvc0",
	.write_guest = write_guest,
};

const struct arch_vmm * const arch_vmm = &pseries;
