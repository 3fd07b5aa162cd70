// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "btf.h"
#include "trace-offsets.h"

bool trace_offsets_parse(const char *text, struct trace_offsets *offsets)
{
	struct {
		const char *name;
		int64_t *value;
	} keys[] = {
		{ "cfs_rq.tg=", &offsets->cfs_rq_tg },
		{ "cfs_rq.runtime_remaining=", &offsets->cfs_rq_remaining },
		{ "task_group.cfs_bandwidth.runtime=", &offsets->tg_pool },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *at = strstr(text, keys[i].name);
		char *end;

		if (!at || (at != text && at[-1] != ','))
			return false;
		at += strlen(keys[i].name);
		*keys[i].value = strtol(at, &end, 10);
		if (end == at || (*end && *end != ',') || *keys[i].value < 0)
			return false;
	}
	return true;
}

bool trace_offsets_of_btf(struct trace_offsets *offsets)
{
	int fd = open(TRACE_BTF_FILE, O_RDONLY | O_CLOEXEC);
	size_t len = 0, room = 32 << 20;
	char *data = malloc(room);
	int64_t bandwidth, runtime;
	ssize_t n = 1;

	while (fd >= 0 && data && len < room && (n = read(fd, data + len, room - len)) > 0)
		len += n;
	if (fd >= 0)
		close(fd);
	bandwidth = btf_member_offset(data, len, "task_group", "cfs_bandwidth");
	runtime = btf_member_offset(data, len, "cfs_bandwidth", "runtime");
	offsets->tg_pool = bandwidth + runtime;
	offsets->cfs_rq_tg = btf_member_offset(data, len, "cfs_rq", "tg");
	offsets->cfs_rq_remaining = btf_member_offset(data, len, "cfs_rq", "runtime_remaining");
	free(data);
	return bandwidth >= 0 && runtime >= 0 && offsets->cfs_rq_tg >= 0 &&
	       offsets->cfs_rq_remaining >= 0;
}
