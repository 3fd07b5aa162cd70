/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the members of the kernel's structures are: Documentation/bpf/btf.rst. */
#ifndef BUSYGUEST_BTF_H
#define BUSYGUEST_BTF_H

#include <stddef.h>
#include <stdint.h>

/*
 * Byte offset of @member in struct @name, as the BTF in @data says; -1 when it
 * is not there, is a bit field, or the data is damaged. Members of anonymous
 * structures inside are not found.
 */
int64_t btf_member_offset(const void *data, size_t len, const char *name, const char *member);

#endif
