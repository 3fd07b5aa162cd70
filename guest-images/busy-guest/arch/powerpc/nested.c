// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "nested.h"

/* Where it is in guest memory, beside what every guest has there. */
#define CODE		0x8000UL
#define STATE		0x200000UL	/* struct hv_guest_state */
#define REGISTERS	0x201000UL	/* struct pt_regs */
#define REFUSED		0x202000UL
#define PARTITIONS	0x203000UL	/* 4 KB, the smallest: its size is 0 */
#define ROOT		0x210000UL	/* 13 bits of the address, aligned to its size */
#define GIGABYTES	0x220000UL	/* 9 bits */
#define LPID		1		/* 0 is the hypervisor itself */

/* Radix trees, Power ISA v3.1, book III, 6.7.10. */
#define PATE_RADIX	(1UL << 63)
#define TREE_52_BITS	((2UL << 61) | (5UL << 5))
#define ROOT_BITS	13UL
#define LEVEL_BITS	9UL
#define PTE_VALID	(1UL << 63)
#define PTE_LEAF	(1UL << 62)
#define PTE_USED	0x180UL		/* R and C */
#define PTE_ALL		0x7UL		/* read, write, execute */
#define ALL_FACILITIES	((1UL << 56) - 1)
#define NEVER		(1UL << 62)

/* arch/powerpc/include/asm/hvcall.h, version 1 */
struct hv_guest_state {
	uint64_t version;
	uint32_t lpid, vcpu_token;
	uint64_t lpcr, pcr, amor, dpdes, hfscr, tb_offset, dawr0, dawrx0, ciabr, hdec_expiry;
	uint64_t purr, spurr, ic, vtb, hdar, hdsisr, heir, asdr, srr0, srr1, sprg[4], pidr, cfar, ppr;
};

/* The beginning of struct pt_regs (arch/powerpc/include/asm/ptrace.h); the rest is 0. */
struct registers {
	uint64_t gpr[32], nip, msr, orig_gpr3, ctr, link, xer, ccr;
};

extern const char nested_start[], nested_end[];

static void put(char *memory, uint64_t at, uint64_t value)
{
	value = htobe64(value);
	memcpy(memory + at, &value, sizeof(value));
}

/* What its guest takes for real addresses are its own. */
static void map_all(char *memory)
{
	put(memory, PARTITIONS + LPID * 16, PATE_RADIX | TREE_52_BITS | ROOT | ROOT_BITS);
	put(memory, ROOT, PTE_VALID | GIGABYTES | LEVEL_BITS);
	put(memory, GIGABYTES, PTE_VALID | PTE_LEAF | PTE_USED | PTE_ALL);
}

void nested_wrap(void *memory, struct kvm_regs *regs)
{
	struct hv_guest_state state = {
		.version = 1, .lpid = LPID, .hfscr = ALL_FACILITIES, .hdec_expiry = NEVER,
	};
	struct registers own = { .nip = regs->pc, .msr = regs->msr };

	memcpy(own.gpr, regs->gpr, sizeof(own.gpr));
	memcpy((char *)memory + STATE, &state, sizeof(state));
	memcpy((char *)memory + REGISTERS, &own, sizeof(own));
	memcpy((char *)memory + CODE, nested_start, nested_end - nested_start);
	map_all(memory);
	regs->pc = CODE;
	regs->gpr[14] = PARTITIONS;
	regs->gpr[16] = STATE;
	regs->gpr[17] = REGISTERS;
	regs->gpr[18] = REFUSED;
}
