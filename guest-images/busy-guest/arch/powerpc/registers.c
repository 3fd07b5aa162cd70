// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "registers.h"
#include "values.h"

#define GPRS	32
#define SPECIALS	((int)(sizeof(special) / sizeof(*special)))
#define VSR_HALVES	128

const char arch_count_name[] = "r14";
const int arch_count_at = SPIN_GPR + 8 * 14;

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

/* The host has set these, and they are in memory, too. */
static int copy_of(int gpr)
{
	switch (gpr) {
	case 17: return SPIN_HCALL_TICKS;
	case 19: return SPIN_HCALL;
	case 20: return SPIN_CEDE_TICKS;
	case 23: return SPIN_TICK;
	default: return 0;
	}
}

static void general(const void *page, int i, struct arch_register *reg)
{
	snprintf(reg->name, sizeof(reg->name), "r%d", i);
	reg->at = SPIN_GPR + 8 * i;
	registers_general(reg, page, i <= 13 || i >= 25, GPR_VALUE(i), copy_of(i));
}

static void vector(int half, struct arch_register *reg)
{
	int i = half / 2;

	snprintf(reg->name, sizeof(reg->name), "vs%d", i);
	reg->at = SPIN_VSR + 8 * half;
	if (i == 31 || i == 63)
		reg->mask = 0;
	reg->wanted = half % 2 ? (int64_t)VSR_LOW(i) : (int64_t)VSR_HIGH(i);
}

bool arch_register(const void *page, int i, struct arch_register *reg)
{
	bool pr = at(page, SPIN_PROBLEM_STATE);

	reg->mask = UINT64_MAX;
	if (i < GPRS) {
		general(page, i, reg);
		return true;
	}
	i -= GPRS;
	if (i < SPECIALS) {
		snprintf(reg->name, sizeof(reg->name), "%s", special[i].name);
		reg->at = SPIN_SPR + 8 * i;
		reg->wanted = special[i].value;
		if (!i)
			reg->mask = 0x0fffffff;
		if (pr && !special[i].always)
			reg->mask = 0;
		return true;
	}
	i -= SPECIALS;
	if (i >= VSR_HALVES || pr)
		return false;
	vector(i, reg);
	return true;
}
