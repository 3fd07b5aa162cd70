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

#include "arch.h"
#include "guest.h"
#include "spin.h"

_Static_assert(GUEST_REPORT_VCPUS >= GUEST_MAX_VCPUS, "each has its place in the report");

struct vcpu {
	struct guest_vcpu arch;
	int stats_fd;		/* -1: none */
	const volatile uint64_t *count;
};

/* What makes KVM_RUN return. Blocked outside of it, where it would be lost, so that it waits for the next KVM_RUN. */
static sigset_t interrupting;

void *guest_alloc_memory(void)
{
	void *memory = mmap(NULL, GUEST_MEMORY, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	memcpy((char *)memory + GUEST_CODE, spin_start, spin_end - spin_start);
	arch_fill_memory(memory);
	return memory;
}

void guest_free_memory(void *memory)
{
	munmap(memory, GUEST_MEMORY);
}

const void *guest_page(const void *memory, int vcpu)
{
	return (const char *)memory + GUEST_PAGES + vcpu * SPIN_PAGE;
}

uint64_t guest_counter(const void *memory, int vcpu)
{
	const char *at = (const char *)guest_page(memory, vcpu) + SPIN_COUNT;

	return *(const volatile uint64_t *)at;
}

/* A moment of the guests' clock at which a tick came; 0: not known. */
static uint64_t tick_seen;

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
	tick_seen = arch_clock();
}

/* Between ticks of the host. */
static int64_t tick_ns(void)
{
	struct timespec ts;

	clock_getres(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_nsec;
}

static uint64_t clock_ticks(int64_t ns, uint64_t hz)
{
	/* Of a second at most, and a clock of some GHz. */
	return ns * (hz / 100000) / 10000;
}

/* What spin.S reads. */
static void set_page(const struct guest_vm *vm, const struct vcpu *vcpu)
{
	const struct workload *load = vm->load;
	uint64_t hz = arch_clock_hz(vcpu->arch.fd);
	uint64_t late = clock_ticks(load->lost_tick_us * 1000, hz);
	char *page = (char *)guest_page(vm->memory, vcpu->arch.id);
	const struct { int at; uint64_t value; } settings[] = {
		{ SPIN_HCALL_TICKS, clock_ticks(load->hcall_us * 1000, hz) },
		{ SPIN_CEDE_TICKS, clock_ticks(load->cede_us * 1000, hz) },
		{ SPIN_TICK, load->lost_tick_us ? clock_ticks(tick_ns(), hz) : 0 },
		{ SPIN_DEADLINE, tick_seen + late },
		{ SPIN_LATE, late },
		{ SPIN_BLUR, clock_ticks(arch_clock_blur_us * 1000, hz) },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		memcpy(page + settings[i].at, &settings[i].value, sizeof(uint64_t));
	arch_set_page(&vcpu->arch, page);
}

const char *guest_probe(char *why, size_t len)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	const char *how;
	int vm;

	if (kvm < 0) {
		snprintf(why, len, "/dev/kvm: %s", strerror(errno));
		return NULL;
	}
	vm = arch_create_vm(kvm, &how, why, len);
	close(kvm);
	if (vm < 0)
		return NULL;
	close(vm);
	return how;
}

const char *guest_lacks_nesting(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	const char *why = arch_lacks_nesting(kvm);

	if (kvm >= 0)
		close(kvm);
	return why;
}

/* In KVM_RUN no signal is blocked. */
static bool let_signals_in(const struct guest_vcpu *arch)
{
	/* struct kvm_signal_mask: the length, then a sigset_t of the kernel. */
	const uint32_t mask[3] = { sizeof(uint64_t) };

	return !ioctl(arch->fd, KVM_SET_SIGNAL_MASK, mask) ||
	       report_errno(arch->vm->report, "KVM_SET_SIGNAL_MASK");
}

static bool create_vcpu(const struct guest_vm *vm, int id, struct vcpu *vcpu)
{
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	struct guest_vcpu *arch = &vcpu->arch;

	arch->vm = vm;
	arch->id = id;
	arch->fd = ioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)id);
	if (arch->fd < 0)
		return report_errno(vm->report, "KVM_CREATE_VCPU");
	arch->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, arch->fd, 0);
	if (arch->run == MAP_FAILED)
		return report_errno(vm->report, "mmap of kvm_run");
	if (!arch_set_up_vcpu(arch) || !let_signals_in(arch))
		return false;
	set_page(vm, vcpu);
	vcpu->count = (const uint64_t *)((const char *)guest_page(vm->memory, id) + SPIN_COUNT);
	vcpu->stats_fd = ioctl(arch->fd, KVM_GET_STATS_FD, NULL);
	return true;
}

/* Whether the guest can go on. */
static bool handle_exit(const struct guest_vcpu *vcpu)
{
	if (arch_handle_exit(vcpu->run))
		return true;
	report_vcpu_exit(vcpu->vm->report, vcpu->id, vcpu->run);
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
	return stat_at(stats_fd, stat_offset(stats_fd, arch_exits_statistic));
}

/* Somebody wants KVM_RUN to return, and nothing else. */
static void take_signal(void)
{
	const struct timespec at_once = { 0 };

	sigtimedwait(&interrupting, NULL, &at_once);
}

/* Runs the guest until KVM_RUN returns. */
static void enter(const struct vcpu *vcpu, off_t signal_exits, struct kvm_return *ret)
{
	struct kvm_run *run = vcpu->arch.run;
	uint64_t count = *vcpu->count;
	int64_t signals = stat_at(vcpu->stats_fd, signal_exits);

	if (run->exit_reason != arch_kept_exit_reason)
		run->exit_reason = KVM_RETURN_UNSET;
	*ret = (struct kvm_return){ .err = ioctl(vcpu->arch.fd, KVM_RUN, 0) ? errno : 0 };
	ret->exit_reason = run->exit_reason;
	ret->ran = *vcpu->count != count;
	ret->signal_exits = signals < 0 || !ret->err ? -1 :
			    stat_at(vcpu->stats_fd, signal_exits) - signals;
	if (ret->err == EINTR)
		take_signal();
}

static void *run_vcpu(void *arg)
{
	const struct vcpu *vcpu = arg;
	struct guest_report *report = vcpu->arch.vm->report;
	off_t signal_exits = stat_offset(vcpu->stats_fd, "signal_exits");
	struct kvm_return ret;

	__atomic_store_n(&report->tids[vcpu->arch.id], gettid(), __ATOMIC_RELEASE);
	for (;;) {
		enter(vcpu, signal_exits, &ret);
		report_return(report, vcpu->arch.id, &ret);
		if (!ret.err && !handle_exit(&vcpu->arch))
			return NULL;
		if (ret.err && ret.err != EINTR) {
			report_vcpu_error(report, vcpu->arch.id, ret.err);
			return NULL;
		}
	}
}

/* Threads that are made later inherit it. */
static bool block_signals(struct guest_report *report)
{
	sigemptyset(&interrupting);
	sigaddset(&interrupting, SIGUSR1);
	return !sigprocmask(SIG_BLOCK, &interrupting, NULL) || report_errno(report, "sigprocmask");
}

/* A VM with its memory. */
static bool create_vm(struct guest_vm *vm)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = GUEST_MEMORY,
		.userspace_addr = (uintptr_t)vm->memory,
	};
	char why[160];

	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		return report_errno(vm->report, "/dev/kvm");
	vm->fd = arch_create_vm(vm->kvm, &vm->how, why, sizeof(why));
	if (vm->fd < 0) {
		report_error(vm->report, "%s", why);
		return false;
	}
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		return report_errno(vm->report, "KVM_SET_USER_MEMORY_REGION");
	return arch_set_up_vm(vm);
}

static bool create_vcpus(const struct guest_vm *vm, struct vcpu *vcpus)
{
	struct guest_vcpu all[GUEST_MAX_VCPUS];

	for (int i = 0; i < vm->load->vcpus; i++) {
		if (!create_vcpu(vm, i, &vcpus[i]))
			return false;
		all[i] = vcpus[i].arch;
	}
	return arch_finish_vm(vm, all);
}

void guest_run(void *memory, const struct workload *load, struct guest_report *report)
{
	static struct vcpu vcpus[GUEST_MAX_VCPUS];
	static struct guest_vm vm;

	vm = (struct guest_vm){ .memory = memory, .load = load, .report = report };
	if (!create_vm(&vm) || !create_vcpus(&vm, vcpus) || !block_signals(report))
		return;
	report->stats_fd = vcpus[0].stats_fd;
	if (load->before)
		load->before(load->before_arg);
	for (int i = 1; i < load->vcpus; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, run_vcpu, &vcpus[i])) {
			report_errno(report, "pthread_create");
			return;
		}
	}
	run_vcpu(&vcpus[0]);
}
