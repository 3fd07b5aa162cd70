// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "arch.h"
#include "registers.h"
#include "values.h"

#define GPRS		32
#define SPECIALS	((int)(sizeof(special) / sizeof(*special)))
#define VECTOR_HALVES	62

const char arch_count_name[] = "x27";
const int arch_count_at = SPIN_GPR + 8 * 27;

static const struct { const char *name; int64_t value; } special[] = {
	{ "NZCV", NZCV_VALUE }, { "DAIF", DAIF_VALUE }, { "SP_EL0", SP_EL0_VALUE },
	{ "TPIDR_EL0", TPIDR_EL0_VALUE }, { "TPIDRRO_EL0", TPIDRRO_EL0_VALUE },
	{ "TPIDR_EL1", TPIDR_EL1_VALUE }, { "ELR_EL1", ELR_EL1_VALUE }, { "FAR_EL1", FAR_EL1_VALUE },
	{ "VBAR_EL1", VBAR_EL1_VALUE }, { "CONTEXTIDR_EL1", CONTEXTIDR_EL1_VALUE },
	{ "FPCR", FPCR_VALUE }, { "FPSR", FPSR_VALUE },
};

/* The host has set these, and they are in memory, too. */
static int copy_of(int gpr)
{
	switch (gpr) {
	case 24: return SPIN_HCALL;
	case 25: return SPIN_HCALL_TICKS;
	default: return 0;
	}
}

static bool has_value(int gpr)
{
	return gpr <= 20 || gpr >= 29;
}

static void general(const void *page, int i, struct arch_register *reg)
{
	snprintf(reg->name, sizeof(reg->name), i < 31 ? "x%d" : "SP", i);
	reg->at = SPIN_GPR + 8 * i;
	registers_general(reg, page, has_value(i), GPR_VALUE(i), copy_of(i));
}

bool arch_register(const void *page, int i, struct arch_register *reg)
{
	reg->mask = UINT64_MAX;
	if (i < GPRS) {
		general(page, i, reg);
		return true;
	}
	i -= GPRS;
	if (i < SPECIALS) {
		snprintf(reg->name, sizeof(reg->name), "%s", special[i].name);
		reg->at = SPIN_SPECIAL + 8 * i;
		reg->wanted = special[i].value;
		return true;
	}
	i -= SPECIALS;
	if (i >= VECTOR_HALVES)
		return false;
	snprintf(reg->name, sizeof(reg->name), "v%d", i / 2);
	reg->at = SPIN_VECTOR + 8 * i;
	reg->wanted = i % 2 ? VECTOR_HIGH(i / 2) : VECTOR_LOW(i / 2);
	return true;
}
