// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "registers.h"
#include "spin.h"

static uint64_t at(const void *page, int offset)
{
	uint64_t value;

	memcpy(&value, (const char *)page + offset, sizeof(value));
	return value;
}

void registers_general(struct arch_register *reg, const void *page, bool has_value, int64_t value,
		       int copy)
{
	reg->wanted = has_value ? (uint64_t)value : copy ? at(page, copy) : 0;
	if (!has_value && !copy)
		reg->mask = 0;
}

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

void registers_look(void *page, uint64_t (*clock)(void))
{
	uint64_t count = stored(page, SPIN_COUNT), time = stored(page, SPIN_TIME);
	uint64_t before = at(page, SPIN_LOOK_TIME), now = clock(), blur = at(page, SPIN_BLUR);
	bool counted = before && count >= at(page, SPIN_LOOK_COUNT) + SURE_COUNTS;

	if (counted && (time + blur < before || time > now + blur)) {
		if (!at(page, SPIN_TIME_WRONG))
			put(page, SPIN_TIME_OFF, time - (time > now ? now : before));
		put(page, SPIN_TIME_WRONG, at(page, SPIN_TIME_WRONG) + 1);
	}
	put(page, SPIN_LOOK_COUNT, count);
	put(page, SPIN_LOOK_TIME, now);
}

/* The first register that had another value, the count where it was no other. */
static uint64_t find_lost(const void *page, char *name, size_t len)
{
	struct arch_register reg;

	for (int i = 0; arch_register(page, i, &reg); i++) {
		uint64_t value = at(page, reg.at) & reg.mask;

		if (value != (reg.wanted & reg.mask)) {
			snprintf(name, len, "%s", reg.name);
			return value;
		}
	}
	snprintf(name, len, "%s", arch_count_name);
	return at(page, arch_count_at);
}

void registers_add(struct registers_seen *seen, const void *page, const char *who)
{
	uint64_t lost = at(page, SPIN_LOST), wrong = at(page, SPIN_TIME_WRONG), value;
	char name[16];

	if (lost && !seen->first[0]) {
		value = find_lost(page, name, sizeof(name));
		snprintf(seen->first, sizeof(seen->first), "%.48s: %s was 0x%llx", who, name,
			 (unsigned long long)value);
	}
	if (wrong && !seen->first[0]) {
		int64_t off = at(page, SPIN_TIME_OFF);

		snprintf(seen->first, sizeof(seen->first), "%.48s: %s was at least %lld ticks %s", who,
			 arch_clock_name, (long long)(off < 0 ? -off : off), off < 0 ? "behind" : "ahead");
	}
	seen->turns += at(page, SPIN_COUNT);
	seen->lost += lost + wrong;
	seen->lost_ticks += at(page, SPIN_LOST_TICKS);
}
