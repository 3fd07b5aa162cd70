// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "values.h"

#define GPRS		((int)(sizeof(general) / sizeof(*general)))
#define SPECIALS	((int)(sizeof(special) / sizeof(*special)))
#define XMM_HALVES	30

const char arch_count_name[] = "r14";
const int arch_count_at = SPIN_GPR + 8 * 14;

/* Those that hold a value, and those that the host has set, with the copy in memory. */
static const struct { const char *name; int number, copy; } general[] = {
	{ "rcx", RCX, 0 }, { "rbx", RBX, 0 }, { "rsp", RSP, SPIN_STACK }, { "rbp", RBP, 0 },
	{ "rsi", RSI, 0 }, { "rdi", RDI, 0 }, { "r8", 8, 0 }, { "r9", 9, 0 },
	{ "r10", 10, SPIN_HCALL }, { "r12", 12, SPIN_HCALL_TICKS },
};

static const struct { const char *name; uint64_t mask; int64_t value; } special[] = {
	{ "FS", UINT64_MAX, FS_VALUE }, { "GS", UINT64_MAX, GS_VALUE }, { "CR2", UINT64_MAX, CR2_VALUE },
	{ "RFLAGS", RFLAGS_MASK, RFLAGS_VALUE }, { "MXCSR", UINT32_MAX, MXCSR_VALUE },
	{ "FCW", UINT16_MAX, FCW_VALUE },
};

bool arch_register(const void *page, int i, struct arch_register *reg)
{
	const char *name;

	reg->mask = UINT64_MAX;
	if (i < GPRS) {
		name = general[i].name;
		reg->at = SPIN_GPR + 8 * general[i].number;
		reg->wanted = GPR_VALUE(general[i].number);
		if (general[i].copy)
			memcpy(&reg->wanted, (const char *)page + general[i].copy, sizeof(reg->wanted));
	} else if ((i -= GPRS) < SPECIALS) {
		name = special[i].name;
		reg->at = SPIN_SPECIAL + 8 * i;
		reg->mask = special[i].mask;
		reg->wanted = special[i].value;
	} else if ((i -= SPECIALS) < XMM_HALVES) {
		name = "xmm";
		reg->at = SPIN_XMM + 8 * i;
		reg->wanted = i % 2 ? XMM_HIGH(i / 2) : XMM_LOW(i / 2);
	} else {
		return false;
	}
	snprintf(reg->name, sizeof(reg->name), strcmp(name, "xmm") ? "%s" : "%s%d", name, i / 2);
	return true;
}
