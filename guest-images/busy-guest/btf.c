// SPDX-License-Identifier: GPL-2.0-only
#include <linux/btf.h>
#include <stdbool.h>
#include <string.h>

#include "btf.h"

/* Kernels before 7.2 have 16 bits for the count and 5 for the kind; the others are 0. */
#define KIND(info)	(((info) >> 24) & 0x7f)
#define COUNT(info)	((info) & 0xffffff)

struct section {
	const char *data;
	size_t len;
};

/* How much follows a type of @kind with @vlen parts; -1: unknown kind. */
static int64_t tail_size(unsigned int kind, int64_t vlen)
{
	switch (kind) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG: return 4;
	case BTF_KIND_ARRAY: return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION: return vlen * sizeof(struct btf_member);
	case BTF_KIND_ENUM: return vlen * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64: return vlen * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO: return vlen * sizeof(struct btf_param);
	case BTF_KIND_DATASEC: return vlen * sizeof(struct btf_var_secinfo);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG: return 0;
	default: return -1;
	}
}

static bool named(struct section strings, uint32_t at, const char *name)
{
	size_t len = strlen(name) + 1;

	return at < strings.len && len <= strings.len - at && !memcmp(strings.data + at, name, len);
}

static int64_t member_in(const char *at, const struct btf_type *type, struct section strings,
			 const char *name)
{
	for (unsigned int i = 0; i < COUNT(type->info); i++) {
		struct btf_member m;
		uint32_t bits;

		memcpy(&m, at + i * sizeof(m), sizeof(m));
		if (!named(strings, m.name_off, name))
			continue;
		bits = BTF_INFO_KFLAG(type->info) ? BTF_MEMBER_BIT_OFFSET(m.offset) : m.offset;
		if (bits % 8 || (BTF_INFO_KFLAG(type->info) && BTF_MEMBER_BITFIELD_SIZE(m.offset)))
			return -1;
		return bits / 8;
	}
	return -1;
}

static int64_t search(struct section types, struct section strings, const char *name,
		      const char *member)
{
	size_t at = 0;

	while (at + sizeof(struct btf_type) <= types.len) {
		struct btf_type type;
		int64_t tail;

		memcpy(&type, types.data + at, sizeof(type));
		at += sizeof(type);
		tail = tail_size(KIND(type.info), COUNT(type.info));
		if (tail < 0 || (size_t)tail > types.len - at)
			return -1;
		if (KIND(type.info) == BTF_KIND_STRUCT && named(strings, type.name_off, name))
			return member_in(types.data + at, &type, strings, member);
		at += tail;
	}
	return -1;
}

static bool inside(uint32_t off, uint32_t len, size_t room)
{
	return off <= room && len <= room - off;
}

int64_t btf_member_offset(const void *data, size_t len, const char *name, const char *member)
{
	struct btf_header h;
	const char *body;

	if (len < sizeof(h))
		return -1;
	memcpy(&h, data, sizeof(h));
	if (h.magic != BTF_MAGIC || h.hdr_len < sizeof(h) || h.hdr_len > len)
		return -1;
	body = (const char *)data + h.hdr_len;
	len -= h.hdr_len;
	if (!inside(h.type_off, h.type_len, len) || !inside(h.str_off, h.str_len, len))
		return -1;
	return search((struct section){ body + h.type_off, h.type_len },
		      (struct section){ body + h.str_off, h.str_len }, name, member);
}
