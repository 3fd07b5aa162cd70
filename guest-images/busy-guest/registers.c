// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "registers.h"
#include "spin.h"

/* Those that are not always compared are left alone with KVM-PR. */
static const struct { const char *name; int64_t value; bool always; } special[] = {
	{ "CR", CR_VALUE, true }, { "LR", LR_VALUE, true }, { "CTR", CTR_VALUE, true },
	{ "XER", XER_VALUE, true }, { "TAR", TAR_VALUE, false }, { "VRSAVE", VRSAVE_VALUE, true },
	{ "DSCR", DSCR_VALUE, false },
	{ "SPRG0", SPRG_VALUE(0), false }, { "SPRG1", SPRG_VALUE(1), false }, { "SPRG2", SPRG_VALUE(2), false },
	{ "SPRG3", SPRG_VALUE(3), false }, { "FPSCR", FPSCR_VALUE, false },
	{ "VSCR", VSCR_VALUE, false },
};

static uint64_t at(const void *page, int offset)
{
	uint64_t value;

	memcpy(&value, (const char *)page + offset, sizeof(value));
	return value;
}

/* The processor may read the time base before what the guest has stored, or after. */
#define TIME_BLUR	512
/* Some of these the guest made, and stored their times, since the last look. */
#define SURE_COUNTS	4

static void put(void *page, int offset, uint64_t value)
{
	memcpy((char *)page + offset, &value, sizeof(value));
}

static uint64_t stored(const void *page, int offset)
{
	return __atomic_load_n((const uint64_t *)((const char *)page + offset), __ATOMIC_ACQUIRE);
}

void registers_look(void *page, uint64_t (*time_base)(void))
{
	uint64_t count = stored(page, SPIN_COUNT), time = stored(page, SPIN_TIME);
	uint64_t before = at(page, SPIN_LOOK_TIME), now = time_base();
	bool counted = before && count >= at(page, SPIN_LOOK_COUNT) + SURE_COUNTS;

	if (counted && (time + TIME_BLUR < before || time > now + TIME_BLUR)) {
		if (!at(page, SPIN_TIME_WRONG))
			put(page, SPIN_TIME_OFF, time - (time > now ? now : before));
		put(page, SPIN_TIME_WRONG, at(page, SPIN_TIME_WRONG) + 1);
	}
	put(page, SPIN_LOOK_COUNT, count);
	put(page, SPIN_LOOK_TIME, now);
}

/* The host has set these, and they are in memory, too. */
static int copy_of(int gpr)
{
	switch (gpr) {
	case 17: return SPIN_HCALL_TICKS;
	case 19: return SPIN_HCALL;
	case 20: return SPIN_CEDE_TICKS;
	case 23: return SPIN_TICK;
	default: return -1;
	}
}

static bool has_value(int gpr)
{
	return gpr <= 13 || gpr >= 25;
}

static bool find_lost(const void *page, char *name, size_t len, uint64_t *value)
{
	for (int i = 0; i < 32; i++) {
		uint64_t wanted = has_value(i) ? (uint64_t)(int64_t)GPR_VALUE(i) :
				  copy_of(i) < 0 ? 0 : at(page, copy_of(i));

		*value = at(page, SPIN_GPR + 8 * i);
		snprintf(name, len, "r%d", i);
		if ((has_value(i) || copy_of(i) >= 0) && *value != wanted)
			return true;
	}
	for (int i = 0; i < (int)(sizeof(special) / sizeof(*special)); i++) {
		uint64_t wanted = special[i].value;

		*value = at(page, SPIN_SPR + 8 * i);
		if (!strcmp(special[i].name, "CR"))
			*value &= 0x0fffffff;
		snprintf(name, len, "%s", special[i].name);
		if (*value != wanted && (!at(page, SPIN_PROBLEM_STATE) || special[i].always))
			return true;
	}
	for (int i = 0; i < 64 && !at(page, SPIN_PROBLEM_STATE); i++) {
		snprintf(name, len, "vs%d", i);
		*value = at(page, SPIN_VSR + 16 * i);
		if (i != 31 && i != 63 && *value != (uint64_t)(int64_t)VSR_HIGH(i))
			return true;
		*value = at(page, SPIN_VSR + 16 * i + 8);
		if (i != 31 && i != 63 && *value != (uint64_t)(int64_t)VSR_LOW(i))
			return true;
	}
	return false;
}

void registers_add(struct registers_seen *seen, const void *page, const char *who)
{
	uint64_t lost = at(page, SPIN_LOST), wrong = at(page, SPIN_TIME_WRONG), value;
	char name[16];

	if (lost && !seen->first[0]) {
		/* The count is compared as well, and is what is left. */
		bool found = find_lost(page, name, sizeof(name), &value);

		snprintf(seen->first, sizeof(seen->first), "%.48s: %s was 0x%llx", who,
			 found ? name : "r14",
			 (unsigned long long)(found ? value : at(page, SPIN_GPR + 8 * 14)));
	}
	if (wrong && !seen->first[0]) {
		int64_t off = at(page, SPIN_TIME_OFF);

		snprintf(seen->first, sizeof(seen->first), "%.48s: TB was at least %lld ticks %s", who,
			 (long long)(off < 0 ? -off : off), off < 0 ? "behind" : "ahead");
	}
	seen->turns += at(page, SPIN_COUNT);
	seen->lost += lost + wrong;
	seen->lost_ticks += at(page, SPIN_LOST_TICKS);
}
