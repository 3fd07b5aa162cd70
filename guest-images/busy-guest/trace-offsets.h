/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the members that are traced stand in the kernel's structures. */
#ifndef BUSYGUEST_TRACE_OFFSETS_H
#define BUSYGUEST_TRACE_OFFSETS_H

#include <stdbool.h>
#include <stdint.h>

#define TRACE_BTF_FILE "/sys/kernel/btf/vmlinux"

/* Byte offsets in the kernel's structures. */
struct trace_offsets {
	int64_t cfs_rq_tg;		/* struct cfs_rq, tg */
	int64_t cfs_rq_remaining;	/* struct cfs_rq, runtime_remaining */
	int64_t tg_pool;		/* struct task_group, cfs_bandwidth.runtime */
};

#define TRACE_OFFSETS_FORM \
	"cfs_rq.tg=N,cfs_rq.runtime_remaining=N,task_group.cfs_bandwidth.runtime=N"

/* Reads TRACE_OFFSETS_FORM, in any order. False when a part is missing or no number. */
bool trace_offsets_parse(const char *text, struct trace_offsets *offsets);

/* The running kernel's own, from its BTF. False when it has none, or not all of them. */
bool trace_offsets_of_btf(struct trace_offsets *offsets);

#endif
