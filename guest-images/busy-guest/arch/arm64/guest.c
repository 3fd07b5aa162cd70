// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "machine.h"
#include "values.h"

/* Guest addresses are what they are, 1 GB a block. */
#define BLOCK_MEMORY	0x701UL		/* valid, shared inside, accessed, attribute 0 */
#define BLOCK_DEVICE	0x405UL		/* valid, accessed, attribute 1 */
/* Beside guest memory. */
#define GIC_DIST	0x08000000UL
#define GIC_CPU		0x08010000UL
#define GIC_REDIST	0x080a0000UL

#define PSTATE_EL1H	0x3c5UL		/* interrupts off */
#define MAIR		0x04ffUL	/* 0: write back, 1: device; spin.S turns the MMU on */
#define TCR		0x803519UL	/* TTBR0 alone: 39 bits, 4 KB, write back, shared inside */
#define CPACR		(3UL << 20)	/* no traps of the FPU */

#define USUAL_IPA_BITS	40

/* What lets the timer's interrupt end WFI: GIC architecture, chapter 12, and version 2, chapter 4. */
#define TIMER_INTERRUPT	27
#define GICD_CTLR	0
#define GICD_ISENABLER0	0x100
#define GICR_ISENABLER0	0x10100
#define GICC_PMR	4
#define ICC_PMR_EL1	(__ARM64_SYS_REG(3, 0, 4, 6, 0) & KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK)
#define ALL_PRIORITIES	0xff

const char arch_clock_name[] = "CNTVCT";
/* What the guest's is set to is some time old by then. */
const int64_t arch_clock_blur_us = 100;
const bool arch_loses_ticks = false;
const bool arch_wider_bounds = true;
const char arch_exits_statistic[] = "exits";
const uint32_t arch_kept_exit_reason = KVM_EXIT_MMIO;
const struct arch_vmm * const arch_vmm;

uint64_t arch_clock(void)
{
	uint64_t count;

	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r" (count) : : "memory");
	return count;
}

uint64_t arch_clock_hz(int vcpu_fd)
{
	uint64_t hz;

	(void)vcpu_fd;
	asm("mrs %0, cntfrq_el0" : "=r" (hz));
	return hz;
}

/* As the kernel says it when it starts (kvm_arm_init()). */
static const char *how_kvm_runs(void)
{
	static const struct { const char *said, *how; } modes[] = {
		{ "Protected hVHE mode initialized", "pKVM" }, { "Protected nVHE mode initialized", "pKVM" },
		{ "Hyp hVHE mode initialized", "hVHE" }, { "Hyp nVHE mode initialized", "nVHE" },
		{ "VHE mode initialized", "VHE" },
	};
	static const char *how;

	for (size_t i = 0; !how && i < sizeof(modes) / sizeof(*modes); i++)
		if (machine_kernel_said(modes[i].said))
			how = modes[i].how;
	return how ? how : "EL2";
}

int arch_create_vm(int kvm, const char **how, char *why, size_t len)
{
	int most = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
	unsigned long type = most > 0 && most < USUAL_IPA_BITS ? most : 0;
	int vm = ioctl(kvm, KVM_CREATE_VM, type);

	*how = how_kvm_runs();
	if (vm < 0)
		snprintf(why, len, "KVM_CREATE_VM: %s", strerror(errno));
	return vm;
}

bool arch_runs_natively(const char *how)
{
	(void)how;
	return true;
}

static void put(void *memory, uint64_t at, uint64_t value)
{
	memcpy((char *)memory + at, &value, sizeof(value));
}

void arch_fill_memory(void *memory)
{
	put(memory, TABLE, BLOCK_MEMORY);
	put(memory, TABLE + 8, NOWHERE | BLOCK_DEVICE);
}

bool arch_set_up_vm(const struct guest_vm *vm)
{
	(void)vm;
	return true;
}

static bool set_gic(int gic, uint32_t group, uint64_t attr, uint64_t value)
{
	struct kvm_device_attr a = { .group = group, .attr = attr, .addr = (uintptr_t)&value };

	return !ioctl(gic, KVM_SET_DEVICE_ATTR, &a);
}

/* Places a new one and tells it to start. */
static bool start_gic(int gic, uint64_t type, uint64_t other_type, uint64_t other)
{
	return set_gic(gic, KVM_DEV_ARM_VGIC_GRP_ADDR, type, GIC_DIST) &&
	       set_gic(gic, KVM_DEV_ARM_VGIC_GRP_ADDR, other_type, other) &&
	       set_gic(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
}

static bool set_up_gic_v3(int gic, int vcpus)
{
	bool ok = start_gic(gic, KVM_VGIC_V3_ADDR_TYPE_DIST, KVM_VGIC_V3_ADDR_TYPE_REDIST, GIC_REDIST) &&
		  set_gic(gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, GICD_CTLR, 2);

	for (uint64_t i = 0; ok && i < (uint64_t)vcpus; i++)
		ok = set_gic(gic, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, i << 32 | GICR_ISENABLER0,
			     1 << TIMER_INTERRUPT) &&
		     set_gic(gic, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, i << 32 | ICC_PMR_EL1, ALL_PRIORITIES);
	return ok;
}

static bool set_up_gic_v2(int gic, int vcpus)
{
	bool ok = start_gic(gic, KVM_VGIC_V2_ADDR_TYPE_DIST, KVM_VGIC_V2_ADDR_TYPE_CPU, GIC_CPU) &&
		  set_gic(gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, GICD_CTLR, 1);

	for (uint64_t i = 0; ok && i < (uint64_t)vcpus; i++)
		ok = set_gic(gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, i << 32 | GICD_ISENABLER0,
			     1 << TIMER_INTERRUPT) &&
		     set_gic(gic, KVM_DEV_ARM_VGIC_GRP_CPU_REGS, i << 32 | GICC_PMR, ALL_PRIORITIES);
	return ok;
}

/* An interrupt controller, in the kernel: the host's, as it is or as an older one. */
bool arch_finish_vm(const struct guest_vm *vm, const struct guest_vcpu *vcpus)
{
	struct kvm_create_device v3 = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	struct kvm_create_device v2 = { .type = KVM_DEV_TYPE_ARM_VGIC_V2 };

	(void)vcpus;
	if (!ioctl(vm->fd, KVM_CREATE_DEVICE, &v3))
		return set_up_gic_v3(v3.fd, vm->load->vcpus) || report_errno(vm->report, "GICv3");
	if (!ioctl(vm->fd, KVM_CREATE_DEVICE, &v2))
		return set_up_gic_v2(v2.fd, vm->load->vcpus) || report_errno(vm->report, "GICv2");
	return report_errno(vm->report, "KVM_CREATE_DEVICE(GIC)");
}

#define CORE(member) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
	 offsetof(struct kvm_regs, member) / sizeof(uint32_t))

bool arch_set_up_vcpu(const struct guest_vcpu *vcpu)
{
	/* The clock last: KVM lets that of a new guest begin at 0. */
	const struct { uint64_t id, value; } registers[] = {
		{ CORE(regs.pc), GUEST_CODE },
		{ CORE(regs.pstate), PSTATE_EL1H },
		{ CORE(regs.regs[28]), GUEST_PAGES + vcpu->id * SPIN_PAGE },
		{ ARM64_SYS_REG(3, 0, 2, 0, 0), TABLE },	/* TTBR0_EL1 */
		{ ARM64_SYS_REG(3, 0, 2, 0, 2), TCR },		/* TCR_EL1 */
		{ ARM64_SYS_REG(3, 0, 10, 2, 0), MAIR },	/* MAIR_EL1 */
		{ ARM64_SYS_REG(3, 0, 1, 0, 2), CPACR },	/* CPACR_EL1 */
		{ KVM_REG_ARM_TIMER_CNT, 0 },
	};
	struct kvm_vcpu_init init;

	if (ioctl(vcpu->vm->fd, KVM_ARM_PREFERRED_TARGET, &init))
		return report_errno(vcpu->vm->report, "KVM_ARM_PREFERRED_TARGET");
	init.features[0] |= 1 << KVM_ARM_VCPU_PSCI_0_2;
	if (ioctl(vcpu->fd, KVM_ARM_VCPU_INIT, &init))
		return report_errno(vcpu->vm->report, "KVM_ARM_VCPU_INIT");
	for (size_t i = 0; i < sizeof(registers) / sizeof(*registers); i++) {
		uint64_t value = registers[i].id == KVM_REG_ARM_TIMER_CNT ? arch_clock() :
				 registers[i].value;
		struct kvm_one_reg reg = { .id = registers[i].id, .addr = (uintptr_t)&value };

		if (ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg))
			return report_errno(vcpu->vm->report, "KVM_SET_ONE_REG");
	}
	return true;
}

void arch_set_page(const struct guest_vcpu *vcpu, void *page)
{
	put(page, SPIN_HCALL, vcpu->vm->load->hcall);
}

bool arch_handle_exit(struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_MMIO && run->mmio.phys_addr == NOWHERE;
}

const char *arch_lacks_nesting(int kvm)
{
	(void)kvm;
	return "a guest that runs guests is not made for this architecture";
}
