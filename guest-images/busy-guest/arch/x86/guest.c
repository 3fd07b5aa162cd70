// SPDX-License-Identifier: GPL-2.0-only
#include <cpuid.h>
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "values.h"

/* Where things are in guest memory, below the code. */
#define PML4		0x1000UL
#define PDPT		0x2000UL
#define FIRST_GB	0x3000UL	/* page directory */
#define FOURTH_GB	0x4000UL	/* the same, with the APIC */
#define GDT		0x5000UL
#define IDT		0x6000UL

#define CODE_SELECTOR	8
#define DATA_SELECTOR	16
#define TIMER_VECTOR	0x20

#define PAGE_TABLE	0x3UL		/* present, writable */
#define PAGE_2MB	0x83UL
#define CR0_SET		0x80010033UL	/* PG, WP, NE, ET, MP, PE */
#define CR4_SET		0x620UL		/* OSXMMEXCPT, OSFXSR, PAE */
#define EFER_SET	0x500UL		/* LMA, LME */
#define GATE_64		0x8e00UL	/* present, of ring 0, interrupts off */

/* The local APIC, Intel SDM volume 3, table "Local APIC Register Address Map". */
#define APIC_SPURIOUS	0xf0
#define APIC_ENABLED	0x1ff		/* and the spurious vector */
#define APIC_LVT_TIMER	0x320
#define APIC_DIVIDE	0x3e0
#define APIC_DIVIDE_1	0xb		/* KVM's counts nanoseconds then */

#define CPUID_VMX	(1U << 5)	/* leaf 1, ecx */
#define MOST_CPUID	256

/* spin.S */
extern const char spin_wake[];

const char arch_clock_name[] = "TSC";
const int64_t arch_clock_blur_us = 1;
const bool arch_loses_ticks = false;
const bool arch_wider_bounds = true;
const char arch_exits_statistic[] = "exits";
const uint32_t arch_kept_exit_reason = KVM_RETURN_UNSET;
const struct arch_vmm * const arch_vmm;

uint64_t arch_clock(void)
{
	return __builtin_ia32_rdtsc();
}

uint64_t arch_clock_hz(int vcpu_fd)
{
	return ioctl(vcpu_fd, KVM_GET_TSC_KHZ, 0) * 1000ULL;
}

static bool has_vmx(void)
{
	unsigned int a, b, c = 0, d;

	return __get_cpuid(1, &a, &b, &c, &d) && c & CPUID_VMX;
}

int arch_create_vm(int kvm, const char **how, char *why, size_t len)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, 0UL);

	*how = has_vmx() ? "VMX" : "SVM";
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

/* Guest memory and the APIC where they are, and one interrupt vector. */
void arch_fill_memory(void *memory)
{
	uint64_t wake = GUEST_CODE + (spin_wake - spin_start), gate = IDT + 16 * TIMER_VECTOR;

	put(memory, PML4, PDPT | PAGE_TABLE);
	put(memory, PDPT, FIRST_GB | PAGE_TABLE);
	put(memory, PDPT + 3 * 8, FOURTH_GB | PAGE_TABLE);
	for (uint64_t i = 0; i < 512; i++) {
		put(memory, FIRST_GB + 8 * i, i << 21 | PAGE_2MB);
		put(memory, FOURTH_GB + 8 * i, (3UL << 30) + (i << 21) + PAGE_2MB);
	}
	put(memory, GDT + CODE_SELECTOR, 0x00af9b000000ffffUL);
	put(memory, GDT + DATA_SELECTOR, 0x00cf93000000ffffUL);
	put(memory, gate, (wake & 0xffff) | CODE_SELECTOR << 16 | GATE_64 << 32 | (wake >> 16) << 48);
	put(memory, gate + 8, wake >> 32);
}

/* The local APIC in the kernel, and nothing else. */
bool arch_set_up_vm(const struct guest_vm *vm)
{
	struct kvm_enable_cap split = { .cap = KVM_CAP_SPLIT_IRQCHIP };

	return !ioctl(vm->fd, KVM_ENABLE_CAP, &split) ||
	       report_errno(vm->report, "KVM_ENABLE_CAP(SPLIT_IRQCHIP)");
}

bool arch_finish_vm(const struct guest_vm *vm, const struct guest_vcpu *vcpus)
{
	(void)vm;
	(void)vcpus;
	return true;
}

static uint64_t page_of(const struct guest_vcpu *vcpu)
{
	return GUEST_PAGES + vcpu->id * SPIN_PAGE;
}

/* All that KVM can do. */
static bool set_cpuid(const struct guest_vcpu *vcpu)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + MOST_CPUID * sizeof(*cpuid->entries));
	bool ok;

	cpuid->nent = MOST_CPUID;
	ok = !ioctl(vcpu->vm->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) &&
	     !ioctl(vcpu->fd, KVM_SET_CPUID2, cpuid);
	free(cpuid);
	return ok || report_errno(vcpu->vm->report, "KVM_SET_CPUID2");
}

static bool set_system_registers(const struct guest_vcpu *vcpu)
{
	struct kvm_segment code = {
		.limit = UINT32_MAX, .selector = CODE_SELECTOR, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1,
	};
	struct kvm_segment data = {
		.limit = UINT32_MAX, .selector = DATA_SELECTOR, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1,
	};
	struct kvm_sregs sregs;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return report_errno(vcpu->vm->report, "KVM_GET_SREGS");
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.ss = sregs.fs = sregs.gs = data;
	/* What they begin with is at SPIN_MARKS of the page. */
	sregs.fs.base = page_of(vcpu);
	sregs.gs.base = page_of(vcpu) + 8;
	sregs.tr.type = 11;
	sregs.gdt = (struct kvm_dtable){ .base = GDT, .limit = DATA_SELECTOR + 7 };
	sregs.idt = (struct kvm_dtable){ .base = IDT, .limit = 16 * (TIMER_VECTOR + 1) - 1 };
	sregs.cr0 = CR0_SET;
	sregs.cr3 = PML4;
	sregs.cr4 = CR4_SET;
	sregs.efer = EFER_SET;
	return !ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) ||
	       report_errno(vcpu->vm->report, "KVM_SET_SREGS");
}

static void put_apic(struct kvm_lapic_state *apic, int at, uint32_t value)
{
	memcpy(apic->regs + at, &value, sizeof(value));
}

/* All but the time for which the guest sleeps. */
static bool set_timer(const struct guest_vcpu *vcpu)
{
	struct kvm_lapic_state apic;

	if (ioctl(vcpu->fd, KVM_GET_LAPIC, &apic))
		return report_errno(vcpu->vm->report, "KVM_GET_LAPIC");
	put_apic(&apic, APIC_SPURIOUS, APIC_ENABLED);
	put_apic(&apic, APIC_LVT_TIMER, TIMER_VECTOR);
	put_apic(&apic, APIC_DIVIDE, APIC_DIVIDE_1);
	return !ioctl(vcpu->fd, KVM_SET_LAPIC, &apic) ||
	       report_errno(vcpu->vm->report, "KVM_SET_LAPIC");
}

/* KVM lets the clock of a new guest begin at 0. */
static bool share_clock(const struct guest_vcpu *vcpu)
{
	uint64_t none = 0;
	struct kvm_device_attr offset = {
		.group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET, .addr = (uintptr_t)&none,
	};

	return !ioctl(vcpu->fd, KVM_SET_DEVICE_ATTR, &offset) ||
	       report_errno(vcpu->vm->report, "KVM_SET_DEVICE_ATTR(TSC_OFFSET)");
}

bool arch_set_up_vcpu(const struct guest_vcpu *vcpu)
{
	struct kvm_regs regs = { .rip = GUEST_CODE, .rflags = 2, .r15 = page_of(vcpu) };
	struct kvm_mp_state state = { .mp_state = KVM_MP_STATE_RUNNABLE };

	/* Nobody tells the second to start. */
	if (ioctl(vcpu->fd, KVM_SET_MP_STATE, &state))
		return report_errno(vcpu->vm->report, "KVM_SET_MP_STATE");
	return set_cpuid(vcpu) && set_system_registers(vcpu) && set_timer(vcpu) && share_clock(vcpu) &&
	       (!ioctl(vcpu->fd, KVM_SET_REGS, &regs) ||
		report_errno(vcpu->vm->report, "KVM_SET_REGS"));
}

void arch_set_page(const struct guest_vcpu *vcpu, void *page)
{
	const struct guest_vm *vm = vcpu->vm;
	uint64_t address = (char *)page - (char *)vm->memory;

	put(page, SPIN_HCALL, vm->load->hcall);
	put(page, SPIN_VMX, !strcmp(vm->how, "VMX"));
	put(page, SPIN_STACK, address + SPIN_PAGE);
	put(page, SPIN_MARKS, FS_VALUE);
	put(page, SPIN_MARKS + 8, GS_VALUE);
	/* What the APIC counts. */
	put(page, SPIN_CEDE_TICKS, vm->load->cede_us * 1000);
}

bool arch_handle_exit(struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_IO;
}

const char *arch_lacks_nesting(int kvm)
{
	(void)kvm;
	return "a guest that runs guests is not made for this architecture";
}
