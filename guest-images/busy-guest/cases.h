/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of cases: one file a group under cases/, joined in cases.c. */
#ifndef BUSYGUEST_CASES_H
#define BUSYGUEST_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "bounds.h"
#include "trace.h"
#include "workload.h"

/* What the command line asked for, and what the kernel says of itself. */
struct test {
	struct limit limit;
	struct workload guest;
	int64_t seconds;
	int64_t kill_deadline_us;
	int cpus_online;
	bool trace;		/* the traced case prints the samples */
	const struct trace_offsets *offsets;	/* for a kernel without BTF, or NULL */
};

/*
 * One KTAP result. Rows that stand together and have the same @run are results
 * of one run: it is called once, with the first of them, and all are selected
 * when one of them is.
 */
struct test_case {
	const char *name;
	const char *tags;	/* with spaces between them */
	const char *why;	/* why it is there, a sentence; docs/cases.md has it too */
	void (*run)(const struct test *t, const struct test_case *c);
};

struct case_group {
	const struct test_case *cases;
	size_t count;
};

/* Real-time priority of the process that watches; a neighbour of the guest can be below it. */
#define WATCHER_PRIORITY 10

#define CASE_GROUP(cases) { (cases), sizeof(cases) / sizeof(*(cases)) }

/* Which cases to run; NULL for both: those tagged "basic". Lists have commas. */
struct selection {
	const char *names;
	const char *tags;
	bool trace;		/* those tagged "trace" as well */
};

/* The name or tag of @s that no case has, else NULL. The caller frees it. */
char *cases_unknown(const struct selection *s);

/* How many results the selection gives. Those tagged "always" are in it: without them nothing is proven. */
int cases_count(const struct selection *s);

/* Prints name, tags and reason of the selected cases, one a line, with tabs between them. */
void cases_list(const struct selection *s);

/* Runs the selected cases. Where there is no KVM or no CPU limit all of them are SKIP. */
void cases_run(const struct test *t, const struct selection *s);

/*
 * Runs @load under @l and reports @c, a result alone: the limit is kept, and the guest works for its CPU time
 * (judge_guest()).
 */
void cases_watch_guest(const struct test_case *c, const struct limit *l,
		       const struct workload *load);

/* Reports all results of the run that begins with @c as not ok, or as SKIP. */
void cases_fail(const struct test_case *c, const char *why);
void cases_skip(const struct test_case *c, const char *why);

#endif
