// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "arch.h"
#include "registers.h"
#include "values.h"

#define REGISTERS	32
#define SPECIALS	((int)(sizeof(special) / sizeof(*special)))

const char arch_count_name[] = "x9";
const int arch_count_at = SPIN_GPR + 8 * 9;

static const struct { const char *name; int64_t value; } special[] = {
	{ "fcsr", FCSR_VALUE }, { "sscratch", SSCRATCH_VALUE }, { "stvec", STVEC_VALUE },
	{ "sepc", SEPC_VALUE }, { "scause", SCAUSE_VALUE }, { "stval", STVAL_VALUE }, { "sie", SIE_VALUE },
};

/* The host has set these, and they are in memory, too. */
static int copy_of(int gpr)
{
	switch (gpr) {
	case 19: return SPIN_HCALL_TICKS;
	case 20: return SPIN_HCALL;
	default: return 0;
	}
}

static bool has_value(int gpr)
{
	return gpr && gpr != 8 && gpr != 9 && (gpr < 18 || gpr > 23);
}

static void general(const void *page, int i, struct arch_register *reg)
{
	snprintf(reg->name, sizeof(reg->name), "x%d", i);
	reg->at = SPIN_GPR + 8 * i;
	registers_general(reg, page, has_value(i), GPR_VALUE(i), copy_of(i));
}

bool arch_register(const void *page, int i, struct arch_register *reg)
{
	reg->mask = UINT64_MAX;
	if (i < REGISTERS) {
		general(page, i, reg);
		return true;
	}
	i -= REGISTERS;
	if (i < SPECIALS) {
		snprintf(reg->name, sizeof(reg->name), "%s", special[i].name);
		reg->at = SPIN_SPECIAL + 8 * i;
		reg->wanted = special[i].value;
		return true;
	}
	i -= SPECIALS;
	if (i >= REGISTERS)
		return false;
	snprintf(reg->name, sizeof(reg->name), "f%d", i);
	reg->at = SPIN_FLOAT + 8 * i;
	reg->wanted = FLOAT_VALUE(i);
	return true;
}
