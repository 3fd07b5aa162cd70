// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the payload's parsing and arithmetic. KTAP on stdout. */
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "guest-report.h"
#include "parse.h"
#include "select.h"
#include "words.h"

static int number, failed;

static void report(const char *name, bool ok)
{
	printf("%s %d %s\n", ok ? "ok" : "not ok", ++number, name);
	failed += !ok;
}

static void test_bounds(void)
{
	/* docs/judging.md: a tick and a millisecond a CPU, a slice for each but the first, and a quota a period. */
	const struct limit one = { 30000, 100000, 4000, 5000, 1, 0, 0, 0 };
	const struct limit two = { 150000, 100000, 4000, 5000, 2, 0, 0, 0 };
	const struct limit other = { 30000, 100000, 4000, 5000, 1, 3, 0, 0 };
	const struct limit losing = { 30000, 100000, 4000, 5000, 1, 0, 1000, 0 };
	const struct limit small = { 2000, 100000, 4000, 5000, 1, 0, 0, 0 };

	report("one CPU holds no slice when it is out of runtime", limit_slack_us(&one) == 5000);
	report("a second one may hold a slice", limit_slack_us(&two) == 10000 + 5000);
	report("and others what they kept", limit_slack_us(&other) == 5000 + 3000);
	report("a tick that is lost comes later", limit_slack_us(&losing) == 6000 &&
	       limit_notice_us(&losing) == 9000 && limit_kill_us(&losing) == 205000);
	report("full periods", limit_allowed_us(&one, 1000000) == 300000 + 5000);
	report("a started period allows what the CPUs can use",
	       limit_allowed_us(&one, 1010000) == 300000 + 10000 + 5000);
	report("and no more than its quota", limit_allowed_us(&one, 1090000) == 330000 + 5000);
	report("two CPUs use it up twice as fast", limit_allowed_us(&two, 110000) == 150000 + 20000 + 15000);
	report("debt is what is beyond", limit_debt_us(&one, 310000, 1000000) == 10000);
	report("runtime that is left is negative debt", limit_debt_us(&one, 290000, 1000000) == -10000);
	report("no idle period where a slack is less than a quota", limit_idle_periods(&one) == 0);
	report("two periods and a tick to die", limit_kill_us(&one) == 204000);
	report("and those that pay back", limit_idle_periods(&small) == 2 && limit_kill_us(&small) == 404000);
	report("debt since the start: a quota at once, and one for each period",
	       limit_debt_since_start_us(&one, 336000, 10) == 6000);
	report("two ticks to notice", limit_notice_us(&one) == 8000);
	report("at least: a quota a period, less the slack", limit_least_us(&one, 1000000) == 300000 - 5000);
	report("at least: what a period leaves that began late",
	       limit_least_us(&(struct limit){ 98000, 100000, 4000, 5000, 1, 0, 0, 0 }, 1000000) ==
	       950000 - 5000);
	report("at least: never negative", limit_least_us(&one, 100) == 0);
	report("at least: a kernel that refills nine tenths is below it",
	       30 * 27000 < limit_least_us(&one, 3000000));
	report("work: less a 16th and a millisecond a period",
	       limit_least_count(&one, 320000, 10, 2000, 100000) == 2000 * 290 / 100);
	report("work: half of it is too little",
	       limit_least_count(&one, 900000, 30, 61400, 1000000) > 900000LL * 61400 / 1000000 / 2);
	report("work in turns: less a quarter, and half of it is too little",
	       limit_least_count_in_turns(&one, 320000, 10, 2000, 100000) == 2000 * 230 / 100 &&
	       limit_least_count_in_turns(&one, 900000, 30, 61400, 1000000) > 900000LL * 61400 / 1000000 / 2);
	report("work: no control, no least", limit_least_count(&one, 900000, 30, 0, 0) == 0);
	report("demand is limited by CPUs", limit_demand_us(&one, 4, 1000) == 1000 &&
	       limit_demand_us(&two, 4, 1000) == 2000);
	report("others may take a tick a CPU and period", limit_lost_us(&two, 5) == 48000);
}

static void test_throttled(void)
{
	const struct limit l = { 30000, 100000, 4000, 5000, 1, 0, 0, 0 };
	const struct limit small = { 2000, 100000, 4000, 5000, 1, 0, 0, 0 };

	report("throttled: what is left, less a period and a tick each",
	       limit_least_throttled_us(&l, 900000, 3000000) == 2100000 - 100000 - 31 * 4000);
	report("throttled: half of it is too little", 1050000 < limit_least_throttled_us(&l, 900000, 3000000));
	report("throttled: twice of it is too much", 4200000 > limit_most_throttled_us(&l, 900000, 3000000));
	report("throttled: a period more may come from before",
	       limit_most_throttled_us(&l, 900000, 3000000) == 2100000 + 100000);
	report("throttled: longer where debts are paid back over periods",
	       limit_most_throttled_us(&small, 60000, 3000000) == 2940000 + 300000);
	report("throttled: never negative", limit_least_throttled_us(&l, 90000, 100000) == 0);
}

static void test_shown(void)
{
	const struct { int64_t quota, period, vcpus, cpus; bool shown; } limits[] = {
		{ 30000, 100000, 1, 1, true }, { 5000, 20000, 1, 1, true }, { 1000, 2000, 1, 1, false },
		{ 95000, 100000, 1, 1, false }, { 90000, 100000, 1, 1, true }, { 150000, 100000, 2, 2, true },
		{ 150000, 100000, 2, 1, false },
	};
	bool ok = true;

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		const struct limit l = { limits[i].quota, limits[i].period, 4000, 5000, limits[i].cpus, 0, 0, 0 };

		ok &= limit_can_be_shown(&l, limits[i].vcpus, 5) == limits[i].shown;
	}
	report("limits that a guest without one does not go far enough beyond show nothing", ok);
}

static void test_bounds_agree(void)
{
	bool ok = true;

	/* A group that uses what it may has a debt of its slack, whatever the limit. */
	for (int64_t quota = 1000; quota <= 60000000; quota = quota * 3 + 7)
		for (int64_t period = 1000; period <= 1000000; period = period * 2 + 13)
			for (int64_t t = 0; t < 20 * period; t += period / 3 + 1) {
				const struct limit l = { quota, period, 10000, 5000, 16, 0, 0, 0 };

				ok &= limit_debt_us(&l, limit_allowed_us(&l, t), t) == limit_slack_us(&l);
				ok &= limit_least_us(&l, t) <= limit_allowed_us(&l, t);
			}
	report("bounds agree over the kernel's range of limits", ok);
}

static void test_numbers(void)
{
	int64_t value = 0;

	report("a number", parse_number("30000", 1000, 60000, &value) && value == 30000);
	report("both ends are in", parse_number("5", 5, 5, &value) && value == 5);
	report("too small and too large", !parse_number("4", 5, 9, &value) &&
	       !parse_number("10", 5, 9, &value));
	report("more than 64 bits", !parse_number("99999999999999999999", 0, INT64_MAX, &value));
	report("nothing, words, tails, blanks", !parse_number("", 0, 9, &value) &&
	       !parse_number("x", 0, 9, &value) && !parse_number("3x", 0, 9, &value) &&
	       !parse_number(" 3", 0, 9, &value) && !parse_number("+3", 0, 9, &value) &&
	       !parse_number("-", -9, 9, &value));
}

static void test_stat(void)
{
	const char *stat = "usage_usec 12\nuser_usec 3\nnr_periods 40\nnr_throttled 7\nthrottled_usec 99";

	report("first, middle and last line", parse_stat(stat, "usage_usec") == 12 &&
	       parse_stat(stat, "nr_throttled") == 7 && parse_stat(stat, "throttled_usec") == 99);
	report("no line, part of a name, empty file", parse_stat(stat, "nr_bursts") == 0 &&
	       parse_stat(stat, "nr") == 0 && parse_stat("", "nr") == 0 && parse_stat("nr", "nr") == 0);
	report("/proc/PID/stat behind a name with brackets and blanks",
	       parse_proc_stat("7 (a) b (c) S 1 22 333 -4", 3) == 0 &&
	       parse_proc_stat("7 (a) b (c) S 1 22 333 -4", 6) == 333 &&
	       parse_proc_stat("7 (a) b (c) S 1 22 333 -4", 7) == -4);
	report("/proc/PID/stat without the field", parse_proc_stat("7 (a) S 1", 9) == -1 &&
	       parse_proc_stat("", 3) == -1 && parse_proc_stat("7 (a)", 3) == -1);
}

static void run_nothing(const struct test *t, const struct test_case *c)
{
	(void)t;
	(void)c;
}

static void run_other(const struct test *t, const struct test_case *c)
{
	(void)t;
	(void)c;
}

static void run_third(const struct test *t, const struct test_case *c)
{
	(void)t;
	(void)c;
}

static const struct test_case first_rows[] = {
	{ "possible", "basic always", "", run_nothing },
	{ "two", "basic bug", "", run_other },
	{ "three", "basic", "", run_other },
};
static const struct test_case second_rows[] = { { "four", "smp bug trace", "", run_third } };
static const struct case_group first_group = CASE_GROUP(first_rows), second_group = CASE_GROUP(second_rows);
static const struct case_group * const groups[] = { &first_group, &second_group };
static const struct case_table table = { groups, 2 };

static int count(const char *names, const char *tags)
{
	return select_count(&table, &(struct selection){ .names = names, .tags = tags });
}

static bool unknown(const char *names, const char *tags, const char *what)
{
	char *found = select_unknown(&table, &(struct selection){ .names = names, .tags = tags });
	bool ok = what ? found && !strcmp(found, what) : !found;

	free(found);
	return ok;
}

static void test_selection(void)
{
	report("nothing asked for: basic", count(NULL, NULL) == 3);
	report("full: all", count(NULL, "full") == 4);
	report("a name, and what always runs", count("four", NULL) == 2);
	report("a name brings all of its run", count("three", NULL) == 3);
	report("names and tags add up", count("three", "smp") == 4);
	report("a trace is asked for by itself",
	       select_count(&table, &(struct selection){ .trace = true }) == 4);
	report("several names", count("four,two", NULL) == 4);
	report("part of a name is no name", count("fou", NULL) == 1 && count("fourth", NULL) == 1);
	report("a tag of several groups", count(NULL, "bug") == 4);
	report("unknown words are named", unknown("four,fife", NULL, "fife") && unknown(NULL, "smp,x", "x") &&
	       unknown("", NULL, "") && unknown("four,", NULL, ""));
	report("known ones are not", unknown("four,two", "smp,full,basic", NULL) && unknown(NULL, NULL, NULL));
}

static void test_words(void)
{
	const char *list = "a,,bc";
	struct word word;
	int words = 0;

	while (words_next(&list, ',', &word))
		words++;
	report("empty words count", words == 3 && word_is(word, "bc") && !word_is(word, "b"));
	report("no list has no words", !words_have(NULL, ',', (struct word){ "a", 1 }));
}

static bool exit_is_told(const struct kvm_run *run, const char *text)
{
	struct guest_report r = { 0 };

	report_vcpu_exit(&r, 1, run);
	return r.is_fault && report_said(&r) && !strcmp(report_said(&r), text);
}

static void test_guest_report(void)
{
	struct kvm_run run = { .exit_reason = KVM_EXIT_FAIL_ENTRY };
	struct guest_report r = { 0 };

	run.fail_entry.hardware_entry_failure_reason = 0x8000000000000000ULL;
	run.fail_entry.cpu = 3;
	report("an entry that failed, as KVM's API names it",
	       exit_is_told(&run, "KVM_EXIT_FAIL_ENTRY hardware_entry_failure_reason=0x8000000000000000 cpu=3 vcpu=1"));
	run = (struct kvm_run){ .exit_reason = KVM_EXIT_INTERNAL_ERROR };
	run.internal.suberror = 2;
	report("an internal error", exit_is_told(&run, "KVM_EXIT_INTERNAL_ERROR suberror=2 vcpu=1"));
	run = (struct kvm_run){ .exit_reason = KVM_EXIT_UNKNOWN };
	run.hw.hardware_exit_reason = 0xe40;
	report("a trap that KVM does not know", exit_is_told(&run, "KVM_EXIT_UNKNOWN hardware_exit_reason=0xe40 vcpu=1"));
	run = (struct kvm_run){ .exit_reason = KVM_EXIT_MMIO };
	run.mmio.phys_addr = 0x4000000;
	report("an access outside of memory", exit_is_told(&run, "KVM_EXIT_MMIO phys_addr=0x4000000 vcpu=1"));
	run = (struct kvm_run){ .exit_reason = 4711 };
	report("an exit without a name", exit_is_told(&run, "KVM_EXIT_4711 vcpu=1"));

	report("nothing is said at first", !report_said(&r));
	report_vcpu_error(&r, 0, EFAULT);
	report("KVM_RUN that failed is a fault", r.is_fault && !strcmp(report_said(&r), "KVM_RUN: Bad address, vcpu=0"));
	report_error(&r, "too late");
	report("what is said first is kept", r.is_fault && !strcmp(report_said(&r), "KVM_RUN: Bad address, vcpu=0"));
	r = (struct guest_report){ 0 };
	report_error(&r, "%s", "cannot be made");
	report("what cannot be made is no fault of KVM", !r.is_fault && !strcmp(report_said(&r), "cannot be made"));
}

static bool survivor_is(int64_t exits, uint64_t counts, int64_t cpu_us, const char *why)
{
	struct trail before = { 100, 50, 1000, false };
	struct trail after = { 100 + exits, 50 + counts, 1000 + cpu_us, true };
	char said[160] = "";
	bool blamed = report_survivor(&before, &after, 20000000, said, sizeof(said));

	return blamed == !!why && (!why || !strcmp(said, why));
}

static void test_survivors(void)
{
	struct trail before = { -1, 50, 0, true }, after = { -1, 90, 20000000, true };
	const struct trail held = { 100, 50, 1000, true }, waits = { 100, 50, 1000, false };
	const struct trail spun = { 0, 0, 9900000, true }, faulted = { 70000, 0, 9900000, true };
	const struct guest_report report_of_one = { .tids = { 1 } };
	char why[160];

	report("a guest that is entered after SIGKILL", survivor_is(5000, 900, 20000000,
	       "KVM_RUN: goes on after SIGKILL, the guest was entered 5000 times in 20 s"));
	report("a process that spins in the kernel after SIGKILL", survivor_is(0, 0, 19000000,
	       "KVM_RUN: spins in the kernel after SIGKILL, for 19000000 us in 20 s"));
	report("a guest that the machine never interrupts", survivor_is(0, 1000000, 20000000, NULL));
	report("a process that waits", survivor_is(0, 0, 0, NULL));
	report("a process that is still held back without a limit",
	       report_starved(&held, &held, 20000000, why, sizeof(why)) &&
	       !strcmp(why, "SCHEDULER: a killed process without a limit gets no CPU, for 20 s"));
	report("a process that waits gets no CPU and wants none",
	       !report_starved(&waits, &waits, 20000000, why, sizeof(why)));
	report("the exit for the signal itself", survivor_is(1, 1000, 20000000, NULL));
	report("a vCPU that is never entered", report_never_entered(&report_of_one, &spun, 10000000, why, sizeof(why)) &&
	       !strcmp(why, "KVM_RUN: spins in the kernel and does not enter the guest, for 9900000 us in 10 s"));
	report("a process that has not come to KVM_RUN",
	       !report_never_entered(&(struct guest_report){ 0 }, &spun, 10000000, why, sizeof(why)));
	report("a guest that leaves at once, again and again",
	       !report_never_entered(&report_of_one, &faulted, 10000000, why, sizeof(why)));
	report("a kernel that does not count exits",
	       !report_survivor(&before, &after, 20000000, why, sizeof(why)));
}

static struct kvm_return a_return(int err, uint32_t exit_reason, bool ran, int64_t signal_exits)
{
	return (struct kvm_return){ .err = err, .exit_reason = exit_reason, .ran = ran,
				    .signal_exits = signal_exits };
}

static bool return_is(bool signalled, struct kvm_return ret, const char *wrong)
{
	struct guest_report r = { .may_interrupt = signalled };

	report_return(&r, 1, &ret);
	return r.returns == 1 && r.interrupted == (ret.err == EINTR) && r.wrong_returns == !!wrong &&
	       (wrong ? report_wrong_return(&r) && !strcmp(report_wrong_return(&r), wrong) :
		!report_wrong_return(&r));
}

static void test_returns(void)
{
	report("a hypercall", return_is(false, a_return(0, KVM_EXIT_PAPR_HCALL, true, -1), NULL));
	report("a signal", return_is(true, a_return(EINTR, KVM_EXIT_INTR, true, 1), NULL));
	report("a signal that waited already", return_is(true, a_return(EINTR, KVM_EXIT_INTR, false, 0), NULL));
	report("a kernel without the counter", return_is(true, a_return(EINTR, KVM_EXIT_INTR, true, -1), NULL));
	report("EINTR without a signal", return_is(false, a_return(EINTR, KVM_EXIT_INTR, true, 1),
	       "KVM_RUN: EINTR, though nobody sent a signal, vcpu=1"));
	report("a stale exit reason", return_is(true, a_return(EINTR, KVM_RETURN_UNSET, true, 1),
	       "KVM_RUN: EINTR, and exit_reason as it was before, vcpu=1"));
	report("another exit reason", return_is(true, a_return(EINTR, KVM_EXIT_PAPR_HCALL, true, 1),
	       "KVM_RUN: EINTR with exit_reason 19, vcpu=1"));
	report("a signal that is not counted", return_is(true, a_return(EINTR, KVM_EXIT_INTR, true, 0),
	       "KVM_RUN: EINTR, counted 0 times in signal_exits, vcpu=1"));
	report("a signal that is counted twice", return_is(true, a_return(EINTR, KVM_EXIT_INTR, true, 2),
	       "KVM_RUN: EINTR, counted 2 times in signal_exits, vcpu=1"));
	report("0 without a reason", return_is(true, a_return(0, KVM_RETURN_UNSET, true, -1),
	       "KVM_RUN returned without an exit reason, vcpu=1"));
}

int main(void)
{
	printf("KTAP version 1\n");
	test_bounds();
	test_throttled();
	test_shown();
	test_bounds_agree();
	test_returns();
	test_survivors();
	test_numbers();
	test_stat();
	test_selection();
	test_words();
	test_guest_report();
	printf("1..%d\n", number);
	return failed ? 1 : 0;
}
