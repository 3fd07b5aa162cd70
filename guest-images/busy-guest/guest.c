// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "nested.h"
#include "spin.h"

#define MEMORY_SIZE	(64UL << 20)
#define DECREMENTER	0x900UL		/* its interrupt vector */
#define CODE		0x10000UL	/* above the interrupt vectors */
#define PAGES		0x20000UL	/* one a vCPU */

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

/* KVM-HV answers H_CONFER itself, KVM-PR this one, here a refusal of both. */
#define H_SET_MODE			0x31cUL
#define H_SET_MODE_ADDR_TRANS_MODE	3UL

/* Every POWER machine's time base, Power ISA v3.1, book III, 6.2. */
#define TIMEBASE_PER_US	512

/* spin.S */
extern const char spin_start[], spin_end[], wake_start[], wake_end[];

_Static_assert(GUEST_REPORT_VCPUS >= GUEST_MAX_VCPUS, "each has its place in the report");

struct vcpu {
	int id, fd;
	bool pr;
	int stats_fd;		/* -1: none */
	const volatile uint64_t *count;
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

const void *guest_page(const void *memory, int vcpu)
{
	return (const char *)memory + PAGES + vcpu * SPIN_PAGE;
}

uint64_t guest_counter(const void *memory, int vcpu)
{
	const char *at = (const char *)guest_page(memory, vcpu) + SPIN_COUNT;

	return *(const volatile uint64_t *)at;
}

/* A moment of the time base at which a tick came; 0: not known. */
static uint64_t tick_seen;

uint64_t guest_time_base(void)
{
	uint64_t tb;

	asm volatile("mftb %0" : "=r" (tb));
	return tb;
}

static int64_t coarse_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

void guest_learn_ticks(void)
{
	int64_t before = coarse_ns();

	/* It goes on with each tick. */
	while (coarse_ns() == before)
		;
	tick_seen = guest_time_base();
}

/* Between ticks of the host, in ticks of the time base. */
static uint64_t tick_length(void)
{
	struct timespec ts;

	clock_getres(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_nsec * TIMEBASE_PER_US / 1000;
}

/* What spin.S reads. */
static void set_page(void *memory, int vcpu, const struct workload *load, bool pr)
{
	bool set_mode = pr && load->hcall == HCALL_IN_KERNEL;
	char *page = (char *)guest_page(memory, vcpu);
	const struct { int at; uint64_t value; } settings[] = {
		{ SPIN_HCALL_TICKS, load->hcall_us * TIMEBASE_PER_US },
		{ SPIN_HCALL, set_mode ? H_SET_MODE : load->hcall },
		{ SPIN_HCALL_ARG, set_mode ? H_SET_MODE_ADDR_TRANS_MODE : 0 },
		{ SPIN_PROBLEM_STATE, pr },
		{ SPIN_CEDE_TICKS, load->cede_us * TIMEBASE_PER_US * (load->negate_dec ? -1 : 1) },
		{ SPIN_TICK, load->lost_tick_us ? tick_length() : 0 },
		{ SPIN_DEADLINE, tick_seen + load->lost_tick_us * TIMEBASE_PER_US },
		{ SPIN_LATE, load->lost_tick_us * TIMEBASE_PER_US },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		memcpy(page + settings[i].at, &settings[i].value, sizeof(uint64_t));
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

bool guest_can_nest(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	bool can = kvm >= 0 && ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_PPC_NESTED_HV) > 0;

	if (kvm >= 0)
		close(kvm);
	return can;
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

/* KVM-PR looks for interrupt vectors at 0xfff00000 unless it is told where they are (kvmppc_set_pvr_pr()). */
static bool set_vectors(const struct vcpu *vcpu)
{
	uint64_t base = 0;
	struct kvm_one_reg reg = { .id = KVM_REG_PPC_HIOR, .addr = (uintptr_t)&base };

	return !ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg) ||
	       failed("KVM_SET_ONE_REG(HIOR)", vcpu->report);
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

static bool set_registers(const struct vcpu *vcpu, const struct workload *load, void *memory)
{
	struct kvm_regs regs;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs))
		return failed("KVM_GET_REGS", vcpu->report);
	regs.pc = CODE;
	regs.msr = MSR_SF | MSR_VEC | MSR_VSX | MSR_FP | MSR_ME | MSR_LE;
	regs.gpr[15] = PAGES + vcpu->id * SPIN_PAGE;
	if (load->nested)
		nested_wrap(memory, &regs);
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		return failed("KVM_SET_REGS", vcpu->report);
	return load->hcall != HCALL_CEDE ||
	       (set_lpcr(vcpu, load) && (!vcpu->pr || set_vectors(vcpu)));
}

static bool create_vcpu(int kvm, int vm, const struct workload *load, void *memory,
			struct vcpu *vcpu)
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
	return set_registers(vcpu, load, memory);
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

/* Where the value of a binary statistic is (Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD); -1: none. */
static off_t stat_offset(int stats_fd, const char *name)
{
	struct kvm_stats_header header;
	char buf[sizeof(struct kvm_stats_desc) + 256];
	struct kvm_stats_desc *desc = (struct kvm_stats_desc *)buf;

	if (pread(stats_fd, &header, sizeof(header), 0) != sizeof(header) || header.name_size > 256)
		return -1;
	for (uint32_t i = 0; i < header.num_desc; i++) {
		size_t size = sizeof(*desc) + header.name_size;

		if (pread(stats_fd, buf, size, header.desc_offset + i * size) != (ssize_t)size)
			return -1;
		if (!strncmp(desc->name, name, header.name_size))
			return header.data_offset + desc->offset;
	}
	return -1;
}

static int64_t stat_at(int stats_fd, off_t offset)
{
	uint64_t value;

	return offset >= 0 && pread(stats_fd, &value, sizeof(value), offset) == sizeof(value) ?
	       (int64_t)value : -1;
}

int64_t guest_exits(int stats_fd)
{
	return stat_at(stats_fd, stat_offset(stats_fd, "sum_exits"));
}

/* Runs the guest until KVM_RUN returns. */
static void enter(const struct vcpu *vcpu, off_t signal_exits, struct kvm_return *ret)
{
	uint64_t count = *vcpu->count;
	int64_t signals = stat_at(vcpu->stats_fd, signal_exits);

	vcpu->run->exit_reason = KVM_RETURN_UNSET;
	*ret = (struct kvm_return){ .err = ioctl(vcpu->fd, KVM_RUN, 0) ? errno : 0 };
	ret->exit_reason = vcpu->run->exit_reason;
	ret->ran = *vcpu->count != count;
	ret->signal_exits = signals < 0 || !ret->err ? -1 :
			    stat_at(vcpu->stats_fd, signal_exits) - signals;
}

static void *run_vcpu(void *arg)
{
	struct vcpu *vcpu = arg;
	off_t signal_exits = stat_offset(vcpu->stats_fd, "signal_exits");
	struct kvm_return ret;

	__atomic_store_n(&vcpu->report->tids[vcpu->id], gettid(), __ATOMIC_RELEASE);
	for (;;) {
		enter(vcpu, signal_exits, &ret);
		report_return(vcpu->report, vcpu->id, &ret);
		if (!ret.err && !handle_exit(vcpu))
			return NULL;
		if (ret.err && ret.err != EINTR) {
			report_vcpu_error(vcpu->report, vcpu->id, ret.err);
			return NULL;
		}
	}
}

/* Somebody wants KVM_RUN to return, and nothing else. */
static void take_note(int sig)
{
	(void)sig;
}

void guest_run(void *memory, const struct workload *load, struct guest_report *report)
{
	static struct vcpu vcpu[GUEST_MAX_VCPUS];
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY_SIZE,
		.userspace_addr = (uintptr_t)memory,
	};
	struct kvm_enable_cap nesting = { .cap = KVM_CAP_PPC_NESTED_HV, .args = { 1 } };
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
	if (load->nested && ioctl(vm, KVM_ENABLE_CAP, &nesting)) {
		failed("KVM_ENABLE_CAP(NESTED_HV)", report);
		return;
	}
	for (int i = 0; i < load->vcpus; i++) {
		vcpu[i].id = i;
		vcpu[i].pr = pr;
		vcpu[i].report = report;
		vcpu[i].count = (const uint64_t *)((const char *)guest_page(memory, i) + SPIN_COUNT);
		set_page(memory, i, load, pr);
		if (!create_vcpu(kvm, vm, load, memory, &vcpu[i]))
			return;
		vcpu[i].stats_fd = ioctl(vcpu[i].fd, KVM_GET_STATS_FD, NULL);
	}
	report->stats_fd = vcpu[0].stats_fd;
	signal(SIGUSR1, take_note);
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
