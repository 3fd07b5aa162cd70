// SPDX-License-Identifier: GPL-2.0-only
/*
 * busy-guest: does a CPU-bound KVM guest keep to its cgroup's cpu.max?
 * Runs as root on any host with KVM; KTAP on stdout.
 */
#include <getopt.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch.h"
#include "cases.h"
#include "clock.h"
#include "facts.h"
#include "guest.h"
#include "ktap.h"
#include "parse.h"

static const char usage[] =
	"usage: busy-guest [options]     (as root, on a host with KVM)\n"
	"Shows whether a KVM guest that never pauses keeps to a cgroup's CPU limit.\n"
	"  --quota-us N     cpu.max quota, microseconds a period    (default 30000)\n"
	"  --period-us N    cpu.max period, microseconds            (default 100000)\n"
	"  --vcpus N        vCPUs of the guest                      (default 1)\n"
	"  --seconds N      how long the guest is watched           (default 10)\n"
	"  --hcall-us N     the guest makes a hypercall every N us, 0: never (default 0);\n"
	"                   with --virtual-time where one of the host's ticks is so late\n"
	"  --negate-decrementer  for a guest that sleeps under QEMU's nested v2, which does that too\n"
	"  --case NAME,...  only these cases, and the controls\n"
	"  --tag TAG,...    only cases with one of these tags, and the controls; full: all\n"
	"  --vmm QEMU       let this QEMU run the guest, not busy-guest itself\n"
	"  --vmm-guest G    its guest: bare, or linux               (default bare)\n"
	"  --vmm-files DIR  vmlinux and initrd of the Linux guest   (default /guest)\n"
	"  --trace          also compare with the scheduler's own account, read through tracefs\n"
	"  --trace-offsets KEY=N,...  where its members are, for a kernel without BTF (docs/tracing.md)\n"
	"  --list           show the cases that would run, with tags and reasons\n"
	"  --virtual-time   the machine's time counts instructions (QEMU -icount): one\n"
	"                   long window is enough\n"
	"  --kill-deadline-seconds N  how long to wait for it to die (default 120)\n"
	"  --help\n"
	"Exit: 0 the limit holds, 1 it does not, 4 the machine cannot run the test.\n"
	"Example: busy-guest --quota-us 30000 --period-us 100000 --seconds 10\n"
	"Example: busy-guest --tag full\n";

/* The command line. */
struct request {
	struct test test;
	struct selection selection;
	bool list;
};

static int64_t number(const char *text, const char *option, int64_t min, int64_t max)
{
	int64_t value;

	if (!parse_number(text, min, max, &value)) {
		fprintf(stderr, "busy-guest: --%s %s: a number from %lld to %lld is needed\n",
			option, text, (long long)min, (long long)max);
		exit(KSFT_FAIL);
	}
	return value;
}

static bool is_linux(const char *guest)
{
	if (!strcmp(guest, "linux") || !strcmp(guest, "bare"))
		return *guest == 'l';
	fprintf(stderr, "busy-guest: --vmm-guest %s: bare or linux is needed\n", guest);
	exit(KSFT_FAIL);
}

static const struct trace_offsets *offsets(const char *text)
{
	static struct trace_offsets given;

	if (trace_offsets_parse(text, &given))
		return &given;
	fprintf(stderr, "busy-guest: --trace-offsets %s: " TRACE_OFFSETS_FORM " is needed\n", text);
	exit(KSFT_FAIL);
}

static void parse(int argc, char **argv, struct request *r)
{
	struct test *t = &r->test;
	static const struct option options[] = {
		{ "quota-us", required_argument, NULL, 'q' },
		{ "period-us", required_argument, NULL, 'p' },
		{ "vcpus", required_argument, NULL, 'v' },
		{ "seconds", required_argument, NULL, 's' },
		{ "hcall-us", required_argument, NULL, 'c' },
		{ "negate-decrementer", no_argument, NULL, 'd' },
		{ "kill-deadline-seconds", required_argument, NULL, 'k' },
		{ "case", required_argument, NULL, 'n' },
		{ "tag", required_argument, NULL, 't' },
		{ "vmm", required_argument, NULL, 'm' },
		{ "vmm-guest", required_argument, NULL, 'g' },
		{ "vmm-files", required_argument, NULL, 'f' },
		{ "trace", no_argument, NULL, 'T' },
		{ "trace-offsets", required_argument, NULL, 'o' },
		{ "list", no_argument, NULL, 'l' },
		{ "virtual-time", no_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char *unknown;
	int c, index = 0;

	while ((c = getopt_long(argc, argv, "", options, &index)) != -1) {
		const char *name = options[index].name;

		switch (c) {
		/* The kernel's own limits: kernel/sched/core.c, tg_set_cfs_bandwidth(). */
		case 'q': t->limit.quota_us = number(optarg, name, 1000, 60000000); break;
		case 'p': t->limit.period_us = number(optarg, name, 1000, 1000000); break;
		case 'v': t->guest.vcpus = number(optarg, name, 1, GUEST_MAX_VCPUS); break;
		case 's': t->seconds = number(optarg, name, 1, 600); break;
		case 'c': t->guest.hcall_us = number(optarg, name, 0, 1000000); break;
		case 'd': t->guest.negate_timer = true; break;
		case 'k': t->kill_deadline_us = number(optarg, name, 1, 3600) * 1000000; break;
		case 'n': r->selection.names = optarg; break;
		case 't': r->selection.tags = optarg; break;
		case 'm': t->guest.kind = RUN_VMM; t->guest.vmm = optarg; break;
		case 'g': t->guest.vmm_linux = is_linux(optarg); break;
		case 'f': t->guest.vmm_files = optarg; break;
		case 'T': r->selection.trace = t->trace = true; break;
		case 'o': t->offsets = offsets(optarg); break;
		case 'l': r->list = true; break;
		case 'i': clock_is_virtual(); break;
		case 'h': fputs(usage, stdout); exit(KSFT_PASS);
		default: fputs(usage, stderr); exit(KSFT_FAIL);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "busy-guest: unknown argument %s\n%s", argv[optind], usage);
		exit(KSFT_FAIL);
	}
	unknown = cases_unknown(&r->selection);
	if (unknown) {
		fprintf(stderr, "busy-guest: no case or tag is called %s; busy-guest --tag full --list shows all\n",
			unknown);
		exit(KSFT_FAIL);
	}
}

static int64_t read_slice_us(void)
{
	/* The default of kernel/sched/fair.c, where the sysctl is not there. */
	int64_t slice_us = 5000;
	FILE *f = fopen("/proc/sys/kernel/sched_cfs_bandwidth_slice_us", "r");
	long long value;

	if (f) {
		if (fscanf(f, "%lld", &value) == 1)
			slice_us = value;
		fclose(f);
	}
	return slice_us;
}

/*
 * A guest that knows when the host's ticks come need not leave the kernel's
 * run loop but where one is lost: each exit of its own hides what the kernel does not do.
 * With several CPUs it cannot know: the emulator runs them in turn, and a turn of
 * another looks to it like an interruption.
 */
static void watch_for_lost_ticks(struct test *t)
{
	t->limit.lost_us = t->guest.hcall_us;
	if (!arch_loses_ticks || !time_is_virtual() || t->guest.kind != RUN_GUEST ||
	    t->cpus_online > 1)
		return;
	t->guest.lost_tick_us = t->guest.hcall_us;
	t->guest.hcall_us = 0;
}

/* What the kernel says of itself. */
static void read_kernel(struct test *t)
{
	t->cpus_online = sysconf(_SC_NPROCESSORS_ONLN);
	t->limit.cpus = t->guest.vcpus < t->cpus_online ? t->guest.vcpus : t->cpus_online;
	t->limit.vcpus = t->guest.vcpus;
	/* In real time a plain loop shows what the machine does, whatever it is. */
	t->limit.others = time_is_virtual() ? t->cpus_online - t->limit.cpus : 0;
	t->limit.tick_us = tick_us();
	t->limit.slice_us = read_slice_us();
	watch_for_lost_ticks(t);
}

int main(int argc, char **argv)
{
	struct request request = {
		.test = {
			.limit = { .quota_us = 30000, .period_us = 100000 },
			.guest = { .kind = RUN_GUEST, .vcpus = 1, .hcall = HCALL_IN_KERNEL,
				   .vmm_files = "/guest" },
			.seconds = 10,
			.kill_deadline_us = 120 * 1000000LL,
		},
	};
	struct sched_param fifo = { .sched_priority = WATCHER_PRIORITY };
	bool realtime;

	parse(argc, argv, &request);
	if (request.list) {
		cases_list(&request.selection);
		return KSFT_PASS;
	}
	read_kernel(&request.test);
	stop_on_signals();
	/* The watcher must see the guest's overrun, not be a victim of it. */
	realtime = !sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &fifo);

	ktap_start(cases_count(&request.selection));
	print_facts(&request.test, realtime);
	cases_run(&request.test, &request.selection);
	return stop_requested() ? KSFT_FAIL : ktap_exit_code();
}
