// SPDX-License-Identifier: GPL-2.0-only
#include "evidence.h"

/* 1000000 x log10 of 1.95 and of 0.05: a fair stake, for their mean is 1. */
#define LOG10_WON	290035LL
#define LOG10_LOST	(-1301030LL)

#define LOG10_20_MILLI	1301

void evidence_add(struct evidence *e, bool suspect, bool reference)
{
	e->pro += suspect && !reference;
	e->contra += reference && !suspect;
}

int64_t evidence_log10_milli(const struct evidence *e)
{
	return (e->pro * LOG10_WON + e->contra * LOG10_LOST) / 1000;
}

bool evidence_certain(const struct evidence *e, int tests)
{
	int64_t needed = EVIDENCE_EXPONENT * 1000;

	/* The sum of the errors counts (Bonferroni); 10^0.301 is 2. */
	for (int power = 1; power < tests; power *= 2)
		needed += 302;
	return evidence_log10_milli(e) >= needed;
}

bool evidence_suspicious(const struct evidence *e)
{
	return evidence_log10_milli(e) >= LOG10_20_MILLI;
}
