// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "trace.h"
#include "tracefs.h"

/*
 * The group's task_group is at the address of its cgroup_subsys_state, its
 * first member (css_tg()); the kernel reads cpu.stat with cpu_extra_stat_show(sf, css).
 */
static const char by_name[] =
	"tg=cfs_rq->tg:x64 cfs_rq=cfs_rq:x64 remaining=cfs_rq->runtime_remaining:s64";

static int enable(const struct trace *t, const char *event, bool on)
{
	char name[64];

	snprintf(name, sizeof(name), "events/busyguest/%s/enable", event);
	return tracefs_write(t->instance, name, on ? "1" : "0");
}

static int probe_both(struct trace *t, const char *args)
{
	int err = tracefs_add_probe("throttle", "throttle_cfs_rq", args);

	if (!err)
		err = tracefs_add_probe("unthrottle", "unthrottle_cfs_rq", args);
	if (!err)
		err = enable(t, "throttle", true);
	if (!err)
		err = enable(t, "unthrottle", true);
	return err;
}

static bool probe_throttling(struct trace *t, char *why, size_t len)
{
	char args[200];
	int err;

	snprintf(args, sizeof(args), "tg=+%lld($arg1):x64 cfs_rq=$arg1:x64 remaining=+%lld($arg1):s64",
		 (long long)t->offsets.cfs_rq_tg, (long long)t->offsets.cfs_rq_remaining);
	if (strcmp(t->by, "names") || probe_both(t, by_name)) {
		if (!strcmp(t->by, "names"))
			t->by = "offsets of its BTF";
		err = probe_both(t, args);
		if (err)
			snprintf(why, len, "no probe of throttle_cfs_rq: %s (CONFIG_KPROBE_EVENTS)",
				 strerror(-err));
		return !err;
	}
	return true;
}

static bool make_instance(struct trace *t, char *why, size_t len)
{
	char path[200];

	snprintf(t->instance, sizeof(t->instance), "%s/instances/busyguest", tracefs_root());
	if (mkdir(t->instance, 0700) && errno != EEXIST) {
		snprintf(why, len, "%s: %s", t->instance, strerror(errno));
		t->instance[0] = '\0';
		return false;
	}
	/* The clock of the samples. */
	tracefs_write(t->instance, "trace_clock", "mono");
	snprintf(path, sizeof(path), "%s/trace_pipe", t->instance);
	t->pipe = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (t->pipe < 0)
		snprintf(why, len, "%s: %s", path, strerror(errno));
	return t->pipe >= 0;
}

bool trace_open(struct trace *t, const struct trace_offsets *given, char *why, size_t len)
{
	memset(t, 0, sizeof(*t));
	t->pipe = -1;
	t->by = "names";
	if (!trace_offsets_of_btf(&t->offsets)) {
		if (!given) {
			snprintf(why, len, "the kernel has no BTF (" TRACE_BTF_FILE "), and no offsets were given");
			return false;
		}
		t->offsets = *given;
		t->by = "offsets of its build";
	}
	return tracefs_find(why, len) && make_instance(t, why, len) && probe_throttling(t, why, len);
}

static bool field(const char *line, const char *name, int base, int64_t *value)
{
	const char *at = strstr(line, name);

	if (!at)
		return false;
	errno = 0;
	*value = base == 16 ? (int64_t)strtoull(at + strlen(name), NULL, 16) :
			      strtoll(at + strlen(name), NULL, 10);
	return !errno;
}

/* "  comm-pid  [000] d.... 12.345678: throttle: (throttle_cfs_rq+0x0/0x1c0) tg=0x... */
static int64_t time_of(const char *line, const char *event)
{
	const char *at = strstr(line, event);
	long long s, us;

	while (at && at > line && at[-1] != ' ')
		at--;
	return at && sscanf(at, "%lld.%lld", &s, &us) == 2 ? s * 1000000 + us : -1;
}

static void take_event(struct trace *t, const char *line, bool throttle)
{
	struct trace_event e = { .throttle = throttle };
	int64_t tg, cfs_rq;

	if (!field(line, " tg=", 16, &tg) || !field(line, " cfs_rq=", 16, &cfs_rq) ||
	    !field(line, " remaining=", 10, &e.remaining_ns) || (uint64_t)tg != t->tg)
		return;
	if (!t->cfs_rq)
		t->cfs_rq = cfs_rq;
	if ((uint64_t)cfs_rq != t->cfs_rq || t->count == TRACE_MAX_EVENTS)
		return;
	e.at_us = time_of(line, throttle ? ": throttle:" : ": unthrottle:");
	t->events[t->count++] = e;
}

static void take_line(struct trace *t, const char *line)
{
	int64_t tg;

	if (strstr(line, ": throttle: ")) {
		take_event(t, line, true);
	} else if (strstr(line, ": unthrottle: ")) {
		take_event(t, line, false);
	} else if (strstr(line, ": group: ")) {
		if (field(line, " tg=", 16, &tg))
			t->tg = tg;
	} else if (strstr(line, ": sample: ")) {
		if (field(line, " tg=", 16, &tg) && (uint64_t)tg == t->tg &&
		    field(line, " remaining=", 10, &t->last.remaining_ns) &&
		    field(line, " pool=", 10, &t->last.pool_ns)) {
			t->last.at_us = time_of(line, ": sample:");
			t->last.known = true;
		}
	}
}

void trace_read(struct trace *t, struct trace_runtime *runtime)
{
	static char buf[65536];
	static size_t fill;
	ssize_t n;

	t->last.known = false;
	while ((n = read(t->pipe, buf + fill, sizeof(buf) - 1 - fill)) > 0) {
		char *line = buf, *end;

		fill += n;
		buf[fill] = '\0';
		while ((end = strchr(line, '\n'))) {
			*end = '\0';
			take_line(t, line);
			line = end + 1;
		}
		fill -= line - buf;
		memmove(buf, line, fill);
		if (fill == sizeof(buf) - 1)
			fill = 0;
	}
	*runtime = t->last;
}

/* Reading cpu.stat shows the group's address, and only we read that file of this group. */
static bool find_group(struct trace *t, const struct cgroup *cg, char *why, size_t len)
{
	char filter[48];
	struct cpu_stat st;
	int err = tracefs_add_probe("group", "cpu_extra_stat_show", "tg=$arg2:x64");

	snprintf(filter, sizeof(filter), "common_pid == %d", getpid());
	if (!err)
		err = tracefs_write(t->instance, "events/busyguest/group/filter", filter);
	if (!err)
		err = enable(t, "group", true);
	if (err) {
		snprintf(why, len, "no probe of cpu_extra_stat_show: %s", strerror(-err));
		return false;
	}
	cgroup_read_stat(cg, &st);
	enable(t, "group", false);
	return true;
}

/* Events that came before the group was known wait in the pipe; "trace" does not consume them. */
static void look_ahead(struct trace *t)
{
	char path[200], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/trace", t->instance);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		take_line(t, line);
	if (f)
		fclose(f);
}

static int start_sampling(struct trace *t)
{
	char args[160];
	int err;

	snprintf(args, sizeof(args), "tg=$arg2:x64 pool=+%lld($arg2):u64 remaining=@0x%llx:s64",
		 (long long)t->offsets.tg_pool,
		 (unsigned long long)(t->cfs_rq + t->offsets.cfs_rq_remaining));
	err = tracefs_add_probe("sample", "cpu_extra_stat_show", args);
	return err ? err : enable(t, "sample", true);
}

bool trace_group(struct trace *t, const struct cgroup *cg, int64_t wait_us, char *why, size_t len)
{
	int64_t end = now_us() + wait_us;
	struct trace_runtime none;
	int err;

	t->tg = t->cfs_rq = 0;
	t->count = 0;
	if (!find_group(t, cg, why, len))
		return false;
	look_ahead(t);
	t->cfs_rq = 0;
	t->count = 0;
	for (;;) {
		trace_read(t, &none);
		if (t->cfs_rq)
			break;
		if (now_us() > end || !sleep_until_us(now_us() + 1000)) {
			snprintf(why, len, "%s was not throttled", cg->path);
			return false;
		}
	}
	err = start_sampling(t);
	if (err)
		snprintf(why, len, "no probe of runtime_remaining: %s", strerror(-err));
	return !err;
}

int trace_count(const struct trace *t, bool throttle, int64_t from_us)
{
	int count = 0;

	for (int i = 0; i < t->count; i++)
		count += t->events[i].throttle == throttle && t->events[i].at_us >= from_us;
	return count;
}

void trace_close(struct trace *t)
{
	static const char * const events[] = { "throttle", "unthrottle", "group", "sample" };

	if (t->pipe >= 0)
		close(t->pipe);
	t->pipe = -1;
	if (!t->instance[0])
		return;
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		enable(t, events[i], false);
		tracefs_remove_probe(events[i]);
	}
	rmdir(t->instance);
	t->instance[0] = '\0';
}
