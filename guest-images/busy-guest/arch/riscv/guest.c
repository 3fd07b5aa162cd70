// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "machine.h"
#include "values.h"

#define ID(type, name)	(KVM_REG_RISCV | KVM_REG_SIZE_U64 | (type) | (name))

const char arch_clock_name[] = "time";
/* What the guest's is set to is some time old by then. */
const int64_t arch_clock_blur_us = 100;
const bool arch_loses_ticks = false;
const bool arch_wider_bounds = true;
const char arch_exits_statistic[] = "exits";
const uint32_t arch_kept_exit_reason = KVM_EXIT_RISCV_SBI;
const struct arch_vmm * const arch_vmm;

uint64_t arch_clock(void)
{
	uint64_t time;

	asm volatile("rdtime %0" : "=r" (time));
	return time;
}

uint64_t arch_clock_hz(int vcpu_fd)
{
	uint64_t hz = 0;
	struct kvm_one_reg reg = {
		.id = ID(KVM_REG_RISCV_TIMER, KVM_REG_RISCV_TIMER_REG(frequency)), .addr = (uintptr_t)&hz,
	};

	ioctl(vcpu_fd, KVM_GET_ONE_REG, &reg);
	return hz;
}

/* With the H extension, or through a hypervisor below that stands in for it (SBI's NACL). */
int arch_create_vm(int kvm, const char **how, char *why, size_t len)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, 0UL);

	*how = machine_kernel_said("using SBI nested acceleration") ? "NACL" : "H";
	if (vm < 0)
		snprintf(why, len, "KVM_CREATE_VM: %s", strerror(errno));
	return vm;
}

bool arch_runs_natively(const char *how)
{
	(void)how;
	return true;
}

void arch_fill_memory(void *memory)
{
	(void)memory;
}

bool arch_set_up_vm(const struct guest_vm *vm)
{
	(void)vm;
	return true;
}

bool arch_finish_vm(const struct guest_vm *vm, const struct guest_vcpu *vcpus)
{
	(void)vm;
	(void)vcpus;
	return true;
}

static bool set_register(const struct guest_vcpu *vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	return !ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg) ||
	       report_errno(vcpu->vm->report, "KVM_SET_ONE_REG");
}

bool arch_set_up_vcpu(const struct guest_vcpu *vcpu)
{
	struct kvm_mp_state state = { .mp_state = KVM_MP_STATE_RUNNABLE };

	/* Nobody tells the second to start. */
	if (ioctl(vcpu->fd, KVM_SET_MP_STATE, &state))
		return report_errno(vcpu->vm->report, "KVM_SET_MP_STATE");
	/* The clock last: KVM lets that of a new guest begin at 0. */
	return set_register(vcpu, ID(KVM_REG_RISCV_CORE, KVM_REG_RISCV_CORE_REG(regs.pc)), GUEST_CODE) &&
	       set_register(vcpu, ID(KVM_REG_RISCV_CORE, KVM_REG_RISCV_CORE_REG(regs.s0)),
			    GUEST_PAGES + vcpu->id * SPIN_PAGE) &&
	       set_register(vcpu, ID(KVM_REG_RISCV_TIMER, KVM_REG_RISCV_TIMER_REG(time)), arch_clock());
}

/*
 * Guests that can set their timer themselves do (Linux, too). Where KVM does it for them
 * all the same, it forgets what it has set when the vCPU is preempted before the guest
 * goes on (7.2, kvm_riscv_vcpu_update_vstimecmp()), and they sleep for ever.
 */
static bool has_sstc(int vcpu_fd)
{
	unsigned long has = 0;
	struct kvm_one_reg reg = {
		.id = ID(KVM_REG_RISCV_ISA_EXT, KVM_RISCV_ISA_EXT_SSTC), .addr = (uintptr_t)&has,
	};

	return !ioctl(vcpu_fd, KVM_GET_ONE_REG, &reg) && has;
}

void arch_set_page(const struct guest_vcpu *vcpu, void *page)
{
	uint64_t hcall = vcpu->vm->load->hcall, sstc = has_sstc(vcpu->fd);

	memcpy((char *)page + SPIN_HCALL, &hcall, sizeof(hcall));
	memcpy((char *)page + SPIN_SSTC, &sstc, sizeof(sstc));
}

bool arch_handle_exit(struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_RISCV_SBI &&
	       run->riscv_sbi.extension_id == SBI_EXPERIMENTAL;
}

const char *arch_lacks_nesting(int kvm)
{
	(void)kvm;
	return "a guest that runs guests is not made for this architecture";
}
