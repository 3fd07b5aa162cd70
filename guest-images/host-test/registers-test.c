// SPDX-License-Identifier: GPL-2.0-only
/* Tests of what is said of a guest's registers, built once for each architecture (NAME). KTAP on stdout. */
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "registers.h"
#include "spin.h"

#define COUNT	5ULL	/* when a register was lost */

static int number, failed;

const char arch_clock_name[] = "the clock";

static void report(const char *name, bool ok)
{
	printf("%s %d " NAME ": %s\n", ok ? "ok" : "not ok", ++number, name);
	failed += !ok;
}

#define HCALL_TICKS	0x123456789aUL
#define HCALL		3

static uint64_t get(const char *page, int at)
{
	uint64_t value;

	memcpy(&value, page + at, sizeof(value));
	return value;
}

static void put(char *page, int at, uint64_t value)
{
	memcpy(page + at, &value, sizeof(value));
}

/* What spin.S leaves when nothing was wrong. */
static void fill_page(char *page)
{
	struct arch_register reg;

	memset(page, 0, SPIN_PAGE);
	put(page, SPIN_COUNT, 7);
	put(page, SPIN_HCALL_TICKS, HCALL_TICKS);
	put(page, SPIN_HCALL, HCALL);
	put(page, SPIN_BLUR, 512);
	for (int i = 0; arch_register(page, i, &reg); i++)
		put(page, reg.at, reg.wanted & reg.mask);
	put(page, arch_count_at, COUNT);
}

/* Whether @text is what is said of @page. */
static bool said(const char *page, uint64_t lost, const char *text)
{
	struct registers_seen seen = { 0 };

	registers_add(&seen, page, "guest");
	if (strcmp(seen.first, text))
		printf("# %s, not %s\n", seen.first, text);
	return seen.turns == 7 && seen.lost == lost && !strcmp(seen.first, text);
}

static bool overlap(const struct arch_register *a, const struct arch_register *b)
{
	return a->mask && b->mask && a->at < b->at + 8 && b->at < a->at + 8;
}

static void test_places(const char *page)
{
	struct arch_register a, b;
	int compared = 0;
	bool apart = true;

	for (int i = 0; arch_register(page, i, &a); i++) {
		compared += !!a.mask;
		apart &= !a.mask || (a.at >= 0x100 && a.at + 8 <= SPIN_PAGE);
		for (int k = 0; k < i && arch_register(page, k, &b); k++)
			apart &= !overlap(&a, &b);
	}
	report("each register has a place of its own", apart);
	if (compared != COMPARED)
		printf("# %d registers and halves of them are compared\n", compared);
	report("so many are compared", compared == COMPARED);
}

/* Whether a register of @page with one bit that is wrong is named where that bit counts, and else the count. */
static bool bit_is_seen(char *page, const struct arch_register *reg, uint64_t bit)
{
	uint64_t right = get(page, reg->at), shown = (reg->wanted & reg->mask) ^ bit;
	char text[64];
	bool seen;

	snprintf(text, sizeof(text), "guest: %s was 0x%llx", bit & reg->mask ? reg->name : arch_count_name,
		 bit & reg->mask ? (unsigned long long)shown : COUNT);
	put(page, reg->at, right ^ bit);
	seen = said(page, 1, text);
	put(page, reg->at, right);
	return seen;
}

/* What fill_page() has put there for the host, and a register has a copy of. */
static bool is_wanted(const char *page, uint64_t value)
{
	struct arch_register reg;

	for (int i = 0; arch_register(page, i, &reg); i++)
		if (reg.mask == UINT64_MAX && reg.wanted == value)
			return true;
	return false;
}

static void test_registers(void)
{
	static char page[SPIN_PAGE];
	struct registers_seen seen = { 0 };
	struct arch_register reg;
	bool all = true;

	fill_page(page);
	put(page, SPIN_LOST_TICKS, 3);
	registers_add(&seen, page, "guest");
	registers_add(&seen, page, "guest");
	report("all guests count", seen.turns == 14 && !seen.lost && !seen.first[0] && seen.lost_ticks == 6);
	put(page, SPIN_LOST, 1);
	for (int i = 0; arch_register(page, i, &reg); i++)
		for (uint64_t bit = 1; bit && reg.at != arch_count_at; bit <<= 1)
			all &= bit_is_seen(page, &reg, bit);
	report("each bit of each register", all);
	report("copies of what the host has set", is_wanted(page, HCALL_TICKS) && is_wanted(page, HCALL));
	test_places(page);
}

static uint64_t fake_time;

static uint64_t fake_clock(void)
{
	return fake_time;
}

/* Looks twice, at 100000 and a million ticks later; the guest has counted, and read @time. */
static bool time_is_wrong(uint64_t counts, uint64_t time, const char *text)
{
	static char page[SPIN_PAGE];
	struct registers_seen seen = { 0 };

	fill_page(page);
	put(page, SPIN_TIME, 90000);
	fake_time = 100000;
	registers_look(page, fake_clock);
	put(page, SPIN_COUNT, 7 + counts);
	put(page, SPIN_TIME, time);
	fake_time = 1100000;
	registers_look(page, fake_clock);
	registers_add(&seen, page, "guest");
	if (text && strcmp(seen.first, text))
		printf("# %s\n", seen.first);
	return seen.lost == !!text && !strcmp(seen.first, text ? text : "");
}

static void test_time(void)
{
	report("a time between two looks", time_is_wrong(50, 600000, NULL));
	report("as late as now, and a little more", time_is_wrong(50, 1100100, NULL));
	report("a clock that is behind",
	       time_is_wrong(50, 40000, "guest: the clock was at least 60000 ticks behind"));
	report("a clock that is ahead",
	       time_is_wrong(50, 2100000, "guest: the clock was at least 1000000 ticks ahead"));
	report("a guest that has not counted", time_is_wrong(0, 90000, NULL) && time_is_wrong(1, 90000, NULL));
}

int main(void)
{
	printf("KTAP version 1\n");
	test_registers();
	test_time();
	printf("1..%d\n", number);
	return failed ? 1 : 0;
}
