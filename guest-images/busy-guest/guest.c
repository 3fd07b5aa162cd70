// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define MEMORY_SIZE	(64UL << 20)
#define DECREMENTER	0x900UL		/* its interrupt vector */
#define CODE		0x10000UL	/* above the interrupt vectors */
#define COUNTERS	0x20000UL
#define COUNTER_STRIDE	128UL		/* a cache line each */

/* arch/powerpc/kvm/powerpc.c, kvm_arch_init_vm() */
#define VM_TYPE_HV	1UL
#define VM_TYPE_PR	2UL
#define MSR_SF		(1UL << 63)
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

/* KVM-HV answers H_CONFER itself, KVM-PR this one, here a refusal of both. */
#define H_SET_MODE			0x31cUL
#define H_SET_MODE_ADDR_TRANS_MODE	3UL

/* Every POWER machine's time base, Power ISA v3.1, book III, 6.2. */
#define TIMEBASE_PER_US	512

/* spin.S */
extern const char spin_start[], spin_end[], wake_start[], wake_end[];

struct vcpu {
	int id, fd;
	bool pr;
	struct kvm_run *run;
	struct guest_report *report;
};

void *guest_alloc_memory(void)
{
	void *memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	memcpy((char *)memory + CODE, spin_start, spin_end - spin_start);
	memcpy((char *)memory + DECREMENTER, wake_start, wake_end - wake_start);
	return memory;
}

void guest_free_memory(void *memory)
{
	munmap(memory, MEMORY_SIZE);
}

uint64_t guest_counter(const void *memory, int vcpu)
{
	const char *at = (const char *)memory + COUNTERS + vcpu * COUNTER_STRIDE;

	return *(const volatile uint64_t *)at;
}

/* An HV guest where one can be made, else a PR guest. */
static int create_vm(int kvm, bool *pr, char *why, size_t len)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, VM_TYPE_HV);

	*pr = false;
	if (vm >= 0)
		return vm;
	snprintf(why, len, "KVM_CREATE_VM(HV): %s (is kvm-hv loaded?)", strerror(errno));
	vm = ioctl(kvm, KVM_CREATE_VM, VM_TYPE_PR);
	*pr = vm >= 0;
	return vm;
}

const char *guest_probe(char *why, size_t len)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	bool pr;
	int vm;

	if (kvm < 0) {
		snprintf(why, len, "/dev/kvm: %s", strerror(errno));
		return NULL;
	}
	vm = create_vm(kvm, &pr, why, len);
	close(kvm);
	if (vm < 0)
		return NULL;
	close(vm);
	return pr ? "PR" : "HV";
}

static void use_fake_sc1(void *memory)
{
	uint32_t *code = (uint32_t *)((char *)memory + CODE);

	for (size_t i = 0; i < (size_t)(spin_end - spin_start) / sizeof(*code); i++)
		if (code[i] == INST_SC1)
			code[i] = INST_FAKE_SC1;
}

static bool failed(const char *what, struct guest_report *report)
{
	report_error(report, "%s: %s", what, strerror(errno));
	return false;
}

/*
 * Interrupts come in the guest's own byte order. What QEMU negates has no sign in
 * 32 bits (exit_nested_store_l2()), so there the decrementer is a large one.
 */
static bool set_lpcr(const struct vcpu *vcpu, const struct workload *load)
{
	uint64_t lpcr = 0;
	struct kvm_one_reg reg = { .id = KVM_REG_PPC_LPCR_64, .addr = (uintptr_t)&lpcr };

	if (ioctl(vcpu->fd, KVM_GET_ONE_REG, &reg))
		return failed("KVM_GET_ONE_REG(LPCR)", vcpu->report);
	lpcr |= LPCR_ILE | (load->negate_dec ? LPCR_LD : 0);
	if (ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg))
		return failed("KVM_SET_ONE_REG(LPCR)", vcpu->report);
	return true;
}

static bool set_registers(const struct vcpu *vcpu, const struct workload *load)
{
	struct kvm_regs regs;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs))
		return failed("KVM_GET_REGS", vcpu->report);
	regs.pc = CODE;
	regs.msr = MSR_SF | MSR_ME | MSR_LE;
	regs.gpr[15] = COUNTERS + vcpu->id * COUNTER_STRIDE;
	regs.gpr[17] = load->hcall_us * TIMEBASE_PER_US;
	regs.gpr[19] = load->hcall;
	regs.gpr[20] = load->cede_us * TIMEBASE_PER_US * (load->negate_dec ? -1 : 1);
	if (vcpu->pr && load->hcall == HCALL_IN_KERNEL) {
		regs.gpr[19] = H_SET_MODE;
		regs.gpr[5] = H_SET_MODE_ADDR_TRANS_MODE;
	}
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		return failed("KVM_SET_REGS", vcpu->report);
	return load->hcall != HCALL_CEDE || set_lpcr(vcpu, load);
}

static bool create_vcpu(int kvm, int vm, const struct workload *load, struct vcpu *vcpu)
{
	/* KVM-HV runs no guest outside PAPR mode (kvmppc_sanity_check()). */
	struct kvm_enable_cap papr = { .cap = KVM_CAP_PPC_PAPR };
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	vcpu->fd = ioctl(vm, KVM_CREATE_VCPU, (unsigned long)vcpu->id);
	if (vcpu->fd < 0)
		return failed("KVM_CREATE_VCPU", vcpu->report);
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		return failed("mmap of kvm_run", vcpu->report);
	if (ioctl(vcpu->fd, KVM_ENABLE_CAP, &papr))
		return failed("KVM_ENABLE_CAP(PAPR)", vcpu->report);
	return set_registers(vcpu, load);
}

/* Whether the guest can go on; a hypercall that KVM leaves to us has no effect here. */
static bool handle_exit(struct vcpu *vcpu)
{
	if (vcpu->run->exit_reason == KVM_EXIT_PAPR_HCALL) {
		vcpu->run->papr_hcall.ret = 0;
		return true;
	}
	report_vcpu_exit(vcpu->report, vcpu->id, vcpu->run);
	return false;
}

static void *run_vcpu(void *arg)
{
	struct vcpu *vcpu = arg;

	for (;;) {
		int err = ioctl(vcpu->fd, KVM_RUN, 0);

		__atomic_fetch_add(&vcpu->report->returns, 1, __ATOMIC_RELAXED);
		if (!err && !handle_exit(vcpu))
			return NULL;
		if (err && errno != EINTR && errno != EAGAIN) {
			report_vcpu_error(vcpu->report, vcpu->id, errno);
			return NULL;
		}
	}
}

/* Binary statistics: Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD. */
int64_t guest_exits(int stats_fd)
{
	struct kvm_stats_header header;
	char buf[sizeof(struct kvm_stats_desc) + 256];
	struct kvm_stats_desc *desc = (struct kvm_stats_desc *)buf;
	uint64_t value;

	if (pread(stats_fd, &header, sizeof(header), 0) != sizeof(header) || header.name_size > 256)
		return -1;
	for (uint32_t i = 0; i < header.num_desc; i++) {
		size_t size = sizeof(*desc) + header.name_size;

		if (pread(stats_fd, buf, size, header.desc_offset + i * size) != (ssize_t)size)
			return -1;
		if (strncmp(desc->name, "sum_exits", header.name_size))
			continue;
		if (pread(stats_fd, &value, sizeof(value), header.data_offset + desc->offset) !=
		    sizeof(value))
			return -1;
		return value;
	}
	return -1;
}

void guest_run(void *memory, const struct workload *load, struct guest_report *report)
{
	static struct vcpu vcpu[GUEST_MAX_VCPUS];
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY_SIZE,
		.userspace_addr = (uintptr_t)memory,
	};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	char why[160];
	bool pr;
	int vm;

	if (kvm < 0) {
		failed("/dev/kvm", report);
		return;
	}
	vm = create_vm(kvm, &pr, why, sizeof(why));
	if (vm < 0) {
		report_error(report, "%s", why);
		return;
	}
	if (pr)
		use_fake_sc1(memory);
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region)) {
		failed("KVM_SET_USER_MEMORY_REGION", report);
		return;
	}
	for (int i = 0; i < load->vcpus; i++) {
		vcpu[i].id = i;
		vcpu[i].pr = pr;
		vcpu[i].report = report;
		if (!create_vcpu(kvm, vm, load, &vcpu[i]))
			return;
	}
	report->stats_fd = ioctl(vcpu[0].fd, KVM_GET_STATS_FD, NULL);
	if (load->before)
		load->before(load->before_arg);
	for (int i = 1; i < load->vcpus; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, run_vcpu, &vcpu[i])) {
			failed("pthread_create", report);
			return;
		}
	}
	run_vcpu(&vcpu[0]);
}
