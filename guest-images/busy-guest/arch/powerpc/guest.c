// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "nested.h"
#include "values.h"

#define DECREMENTER	0x900UL		/* its interrupt vector */

/* arch/powerpc/kvm/powerpc.c, kvm_arch_init_vm() */
#define VM_TYPE_HV	1UL
#define VM_TYPE_PR	2UL
#define MSR_SF		(1UL << 63)
#define MSR_VEC		(1UL << 25)
#define MSR_VSX		(1UL << 23)
#define MSR_FP		(1UL << 13)
#define MSR_ME		(1UL << 12)
#define MSR_LE		1UL
#define LPCR_ILE	(1UL << 25)	/* interrupts are little-endian */
#define LPCR_LD		(1UL << 17)	/* the decrementer has more than 32 bits */

/*
 * A PR guest runs in problem state, so its sc 1 may go to the hypervisor below
 * us. KVM-PR takes an illegal instruction for it (arch/powerpc/kvm/
 * book3s_emulate.c, OP_31_XOP_FAKE_SC1).
 */
#define INST_SC1	0x44000022U
#define INST_FAKE_SC1	0x7c000268U

/* arch/powerpc/include/asm/hvcall.h */
#define H_GET_TERM_CHAR			0x54UL	/* of no console of KVM's */
#define H_CEDE				0xe0UL
#define H_CONFER			0xe4UL	/* to nobody */
/* KVM-HV answers H_CONFER itself, KVM-PR this one, here a refusal of both. */
#define H_SET_MODE			0x31cUL
#define H_SET_MODE_ADDR_TRANS_MODE	3UL

/* spin.S */
extern const char wake_start[], wake_end[];

const char arch_clock_name[] = "TB";
const int64_t arch_clock_blur_us = 1;
const bool arch_loses_ticks = true;
const bool arch_wider_bounds = false;
const char arch_exits_statistic[] = "sum_exits";
const uint32_t arch_kept_exit_reason = KVM_RETURN_UNSET;

static bool is_pr(const char *how)
{
	return !strcmp(how, "PR");
}

bool arch_runs_natively(const char *how)
{
	return !is_pr(how);
}

uint64_t arch_clock(void)
{
	uint64_t tb;

	asm volatile("mftb %0" : "=r" (tb));
	return tb;
}

/* Every POWER machine's time base, Power ISA v3.1, book III, 6.2. */
uint64_t arch_clock_hz(int vcpu_fd)
{
	(void)vcpu_fd;
	return 512000000;
}

void arch_fill_memory(void *memory)
{
	memcpy((char *)memory + DECREMENTER, wake_start, wake_end - wake_start);
}

/* An HV guest where one can be made, else a PR guest. */
int arch_create_vm(int kvm, const char **how, char *why, size_t len)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, VM_TYPE_HV);

	*how = "HV";
	if (vm >= 0)
		return vm;
	snprintf(why, len, "KVM_CREATE_VM(HV): %s (is kvm-hv loaded?)", strerror(errno));
	*how = "PR";
	return ioctl(kvm, KVM_CREATE_VM, VM_TYPE_PR);
}

static void use_fake_sc1(void *memory)
{
	uint32_t *code = (uint32_t *)((char *)memory + GUEST_CODE);

	for (size_t i = 0; i < (size_t)(spin_end - spin_start) / sizeof(*code); i++)
		if (code[i] == INST_SC1)
			code[i] = INST_FAKE_SC1;
}

bool arch_set_up_vm(const struct guest_vm *vm)
{
	struct kvm_enable_cap nesting = { .cap = KVM_CAP_PPC_NESTED_HV, .args = { 1 } };

	if (is_pr(vm->how))
		use_fake_sc1(vm->memory);
	if (vm->load->nested && ioctl(vm->fd, KVM_ENABLE_CAP, &nesting))
		return report_errno(vm->report, "KVM_ENABLE_CAP(NESTED_HV)");
	return true;
}

bool arch_finish_vm(const struct guest_vm *vm, const struct guest_vcpu *vcpus)
{
	(void)vm;
	(void)vcpus;
	return true;
}

static uint64_t number_of(enum guest_hcall hcall)
{
	switch (hcall) {
	case HCALL_TO_USER: return H_GET_TERM_CHAR;
	case HCALL_CEDE: return H_CEDE;
	default: return H_CONFER;
	}
}

static void put(void *page, int at, uint64_t value)
{
	memcpy((char *)page + at, &value, sizeof(value));
}

void arch_set_page(const struct guest_vcpu *vcpu, void *page)
{
	const struct guest_vm *vm = vcpu->vm;
	const struct workload *load = vm->load;
	bool pr = is_pr(vm->how), set_mode = pr && load->hcall == HCALL_IN_KERNEL;
	uint64_t cede;

	put(page, SPIN_HCALL, set_mode ? H_SET_MODE : number_of(load->hcall));
	put(page, SPIN_HCALL_ARG, set_mode ? H_SET_MODE_ADDR_TRANS_MODE : 0);
	put(page, SPIN_PROBLEM_STATE, pr);
	memcpy(&cede, (char *)page + SPIN_CEDE_TICKS, sizeof(cede));
	if (load->negate_timer)
		put(page, SPIN_CEDE_TICKS, -cede);
}

/* KVM-PR looks for interrupt vectors at 0xfff00000 unless it is told where they are (kvmppc_set_pvr_pr()). */
static bool set_vectors(const struct guest_vcpu *vcpu)
{
	uint64_t base = 0;
	struct kvm_one_reg reg = { .id = KVM_REG_PPC_HIOR, .addr = (uintptr_t)&base };

	return !ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg) ||
	       report_errno(vcpu->vm->report, "KVM_SET_ONE_REG(HIOR)");
}

/*
 * Interrupts come in the guest's own byte order. What QEMU negates has no sign in
 * 32 bits (exit_nested_store_l2()), so there the decrementer is a large one.
 */
static bool set_lpcr(const struct guest_vcpu *vcpu)
{
	uint64_t lpcr = 0;
	struct kvm_one_reg reg = { .id = KVM_REG_PPC_LPCR_64, .addr = (uintptr_t)&lpcr };

	if (ioctl(vcpu->fd, KVM_GET_ONE_REG, &reg))
		return report_errno(vcpu->vm->report, "KVM_GET_ONE_REG(LPCR)");
	lpcr |= LPCR_ILE | (vcpu->vm->load->negate_timer ? LPCR_LD : 0);
	if (ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg))
		return report_errno(vcpu->vm->report, "KVM_SET_ONE_REG(LPCR)");
	return true;
}

static bool set_registers(const struct guest_vcpu *vcpu)
{
	const struct guest_vm *vm = vcpu->vm;
	struct kvm_regs regs;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs))
		return report_errno(vm->report, "KVM_GET_REGS");
	regs.pc = GUEST_CODE;
	regs.msr = MSR_SF | MSR_VEC | MSR_VSX | MSR_FP | MSR_ME | MSR_LE;
	regs.gpr[15] = GUEST_PAGES + vcpu->id * SPIN_PAGE;
	if (vm->load->nested)
		nested_wrap(vm->memory, &regs);
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		return report_errno(vm->report, "KVM_SET_REGS");
	return vm->load->hcall != HCALL_CEDE ||
	       (set_lpcr(vcpu) && (!is_pr(vm->how) || set_vectors(vcpu)));
}

bool arch_set_up_vcpu(const struct guest_vcpu *vcpu)
{
	/* KVM-HV runs no guest outside PAPR mode (kvmppc_sanity_check()). */
	struct kvm_enable_cap papr = { .cap = KVM_CAP_PPC_PAPR };

	if (ioctl(vcpu->fd, KVM_ENABLE_CAP, &papr))
		return report_errno(vcpu->vm->report, "KVM_ENABLE_CAP(PAPR)");
	return set_registers(vcpu);
}

/* A hypercall that KVM leaves to us has no effect here. */
bool arch_handle_exit(struct kvm_run *run)
{
	if (run->exit_reason != KVM_EXIT_PAPR_HCALL)
		return false;
	run->papr_hcall.ret = 0;
	return true;
}

const char *arch_lacks_nesting(int kvm)
{
	return ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_PPC_NESTED_HV) > 0 ? NULL :
	       "KVM does not let a guest run guests here (KVM_CAP_PPC_NESTED_HV)";
}
