/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that differs between architectures. Each has a folder, arch/NAME with the
 * kernel's name for it (ARCH), that implements this; nothing outside of these
 * names one or uses its numbers.
 */
#ifndef BUSYGUEST_ARCH_H
#define BUSYGUEST_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest-report.h"
#include "workload.h"

struct kvm_run;

/* A guest while it is made and while it runs. */
struct guest_vm {
	int kvm, fd;		/* /dev/kvm, and the VM */
	const char *how;	/* KVM runs it, as arch_create_vm() says */
	void *memory;		/* guest address 0 */
	const struct workload *load;
	struct guest_report *report;	/* what failed is said there (report_errno()) */
};

struct guest_vcpu {
	const struct guest_vm *vm;
	int id, fd;
	struct kvm_run *run;
};

/* Where things are in guest memory; below the code is the architecture's own. */
#define GUEST_MEMORY	(64UL << 20)
#define GUEST_CODE	0x10000UL
#define GUEST_PAGES	0x20000UL	/* one a vCPU (spin.h) */
#define GUEST_REST	0x200000UL	/* from here on the architecture's own again */

/* The loop (spin.S), position independent. */
extern const char spin_start[], spin_end[];

/* Puts into new guest memory what else the guest needs beside its code. */
void arch_fill_memory(void *memory);

/*
 * Makes a VM. Returns it, or -1 and why; @how is a word for how KVM runs guests
 * here, for example "HV".
 */
int arch_create_vm(int kvm, const char **how, char *why, size_t len);

/* Whether a guest that KVM runs like this uses the processor as any program does, so that its work can be compared. */
bool arch_runs_natively(const char *how);

/* What the VM needs before it has vCPUs, and when it has all of them. False: failed, and said why. */
bool arch_set_up_vm(const struct guest_vm *vm);
bool arch_finish_vm(const struct guest_vm *vm, const struct guest_vcpu *vcpus);

/* Registers and all else of a new vCPU, so that KVM_RUN starts spin.S with its page. False as above. */
bool arch_set_up_vcpu(const struct guest_vcpu *vcpu);

/* Adds to @page of @vcpu, which is set up, what spin.S of this architecture reads beside the rest. */
void arch_set_page(const struct guest_vcpu *vcpu, void *page);

/* Whether an exit to user space is one that the guest makes on purpose; it can then go on. */
bool arch_handle_exit(struct kvm_run *run);

/* The exit reason that has to be left for the next KVM_RUN, which goes by it; KVM_RETURN_UNSET: none. */
extern const uint32_t arch_kept_exit_reason;

/*
 * The clock that guest and host both read, without an offset in the guest: its name, how
 * far apart both can read it at one moment, and its ticks a second.
 */
extern const char arch_clock_name[];
extern const int64_t arch_clock_blur_us;
uint64_t arch_clock(void);
uint64_t arch_clock_hz(int vcpu_fd);

/* What an emulator of this architecture does: some of the ticks of a machine whose time counts instructions never come. */
extern const bool arch_loses_ticks;

/*
 * Whether some bounds are wider than those that were measured first (docs/judging.md, "Wider bounds"). What they
 * allow was seen of right kernels under an emulator; not all of it is understood.
 */
extern const bool arch_wider_bounds;

/* A binary statistic of a vCPU: how often it has left the guest. */
extern const char arch_exits_statistic[];

/* A register that spin.S compares, after a loss: where its value is in the page, and what it should have been there. */
struct arch_register {
	char name[16];
	int at;
	uint64_t mask;		/* of the bits that count */
	uint64_t wanted;
};

/* The register with number @i, from 0 on; false after the last. The count is not one of them. */
bool arch_register(const void *page, int i, struct arch_register *reg);

/* The register that has the count, and where it is in the page after a loss. */
extern const char arch_count_name[];
extern const int arch_count_at;

/* What the machine is, for people and for who chooses devices; empty: not known. */
struct arch_machine {
	char cpu[128], platform[64], mmu[64];
	char interrupts[32];		/* what KVM gives guests for them, where that differs */
	const char *nested_api;		/* how a hypervisor below runs our guests, "none" without one */
};

void arch_machine(struct arch_machine *m);

/* Why a guest that cedes may not be let sleep here, whatever the kernel does; NULL: it has to be. */
const char *arch_sleepless(void);

/* Why no guest can run a guest of its own here; NULL: it can. */
const char *arch_lacks_nesting(int kvm);

/* QEMU as the guest's user. */
struct arch_vmm {
	const char *machine, *linux_machine;	/* -M, for a bare guest and for Linux */
	const char *console;			/* of Linux */
	/* Writes the bare guest and what it reads; false with errno. */
	bool (*write_guest)(int firmware_fd, int memory_fd, const struct workload *load);
};

/* NULL: not for this architecture. */
extern const struct arch_vmm * const arch_vmm;

#endif
