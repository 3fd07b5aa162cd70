/* SPDX-License-Identifier: GPL-2.0-only */
/* Which rows of the table of cases a command line asks for. Pure. */
#ifndef BUSYGUEST_SELECT_H
#define BUSYGUEST_SELECT_H

#include "cases.h"

/* The groups of a table, in the order in which they run. */
struct case_table {
	const struct case_group * const *groups;
	size_t count;
};

/* Calls @visit for every selected run, with its rows from @first up to @end. */
void select_runs(const struct case_table *table, const struct selection *s, void *arg,
		 void (*visit)(const struct test_case *first, const struct test_case *end, void *arg));

/* The end of the rows that are results of the same run as @c. */
const struct test_case *select_run_end(const struct case_table *table, const struct test_case *c);

/* How many rows are selected. */
int select_count(const struct case_table *table, const struct selection *s);

/* The first name or tag that no row has, else NULL. The caller frees it. */
char *select_unknown(const struct case_table *table, const struct selection *s);

#endif
