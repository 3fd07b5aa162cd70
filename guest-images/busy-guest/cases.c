// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "cgroup.h"
#include "clock.h"
#include "guest.h"
#include "ktap.h"
#include "words.h"

extern const struct case_group basic_cases, trace_cases;

static const struct case_group * const groups[] = {
	&basic_cases,
	&trace_cases,
};

#define GROUPS (sizeof(groups) / sizeof(*groups))

#define DEFAULT_TAG	"basic"
#define EVERY_CASE	"full"
#define ALWAYS_TAG	"always"
#define TRACE_TAG	"trace"

static bool has_tag(const struct test_case *c, struct word tag)
{
	return word_is(tag, EVERY_CASE) || words_have(c->tags, ' ', tag);
}

static bool is_tagged(const struct test_case *c, const char *tag)
{
	return has_tag(c, (struct word){ tag, strlen(tag) });
}

static bool row_selected(const struct test_case *c, const struct selection *s)
{
	const char *tags = s->tags;
	struct word word;

	if (is_tagged(c, ALWAYS_TAG) || (s->trace && is_tagged(c, TRACE_TAG)))
		return true;
	if (!s->names && !s->tags)
		return is_tagged(c, DEFAULT_TAG);
	while (words_next(&tags, ',', &word))
		if (has_tag(c, word))
			return true;
	return words_have(s->names, ',', (struct word){ c->name, strlen(c->name) });
}

/* The end of the rows that one run reports. */
static const struct test_case *run_end(const struct case_group *g, const struct test_case *first)
{
	const struct test_case *c = first, *end = g->cases + g->count;

	while (c < end && c->run == first->run)
		c++;
	return c;
}

static bool run_selected(const struct case_group *g, const struct test_case *first,
			 const struct selection *s)
{
	for (const struct test_case *c = first; c < run_end(g, first); c++)
		if (row_selected(c, s))
			return true;
	return false;
}

/* Calls @visit for every selected run. */
static void for_selected(const struct selection *s, void *arg,
			 void (*visit)(const struct test_case *first,
				       const struct test_case *end, void *arg))
{
	for (size_t i = 0; i < GROUPS; i++) {
		const struct case_group *g = groups[i];
		const struct test_case *c = g->cases;

		while (c < g->cases + g->count) {
			const struct test_case *end = run_end(g, c);

			if (run_selected(g, c, s))
				visit(c, end, arg);
			c = end;
		}
	}
}

static bool word_known(struct word word, bool is_tag)
{
	for (size_t i = 0; i < GROUPS; i++)
		for (size_t n = 0; n < groups[i]->count; n++) {
			const struct test_case *c = &groups[i]->cases[n];

			if (is_tag ? has_tag(c, word) : word_is(word, c->name))
				return true;
		}
	return false;
}

static char *unknown_word(const char *list, bool is_tag)
{
	struct word word;

	while (words_next(&list, ',', &word))
		if (!word_known(word, is_tag))
			return strndup(word.at, word.len);
	return NULL;
}

char *cases_unknown(const struct selection *s)
{
	char *name = unknown_word(s->names, false);

	return name ? name : unknown_word(s->tags, true);
}

static void count_rows(const struct test_case *c, const struct test_case *end, void *count)
{
	*(int *)count += end - c;
}

int cases_count(const struct selection *s)
{
	int count = 0;

	for_selected(s, &count, count_rows);
	return count;
}

static void list_rows(const struct test_case *c, const struct test_case *end, void *arg)
{
	(void)arg;
	for (; c < end; c++)
		printf("%s\t%s\t%s\n", c->name, c->tags, c->why);
}

void cases_list(const struct selection *s)
{
	for_selected(s, NULL, list_rows);
}

static const struct test_case *group_end(const struct test_case *c)
{
	for (size_t i = 0; i < GROUPS; i++)
		if (c >= groups[i]->cases && c < groups[i]->cases + groups[i]->count)
			return run_end(groups[i], c);
	return c + 1;
}

void cases_fail(const struct test_case *c, const char *why)
{
	for (const struct test_case *end = group_end(c); c < end; c++) {
		ktap_reason("%s", why);
		ktap_result(c->name, false);
	}
}

void cases_skip(const struct test_case *c, const char *why)
{
	for (const struct test_case *end = group_end(c); c < end; c++)
		ktap_skip(c->name, "%s", why);
}

static bool limit_can_be_set(char *why, size_t len)
{
	struct cgroup cg;
	int err;

	if (!cgroup_init(why, len))
		return false;
	err = cgroup_create(&cg, NULL, "probe");
	if (!err)
		err = cgroup_set_max(&cg, 10000, 100000);
	if (err)
		snprintf(why, len, "cpu.max: %s (CONFIG_CFS_BANDWIDTH)", strerror(-err));
	cgroup_remove(&cg);
	return !err;
}

/* Names everything that is missing, not just the first thing. */
static bool can_run(char *why, size_t len)
{
	char limit_why[200] = "", kvm_why[200] = "";
	bool limit = limit_can_be_set(limit_why, sizeof(limit_why));
	bool kvm = guest_probe(kvm_why, sizeof(kvm_why));

	snprintf(why, len, "%s%s%s", limit_why, limit || kvm ? "" : "; ", kvm_why);
	return limit && kvm;
}

struct running {
	const struct test *test;
	const char *missing;	/* why nothing can run, or NULL */
};

static void run_rows(const struct test_case *c, const struct test_case *end, void *arg)
{
	const struct running *running = arg;

	(void)end;
	if (running->missing)
		cases_skip(c, running->missing);
	else if (!stop_requested())
		c->run(running->test, c);
}

void cases_run(const struct test *t, const struct selection *s)
{
	struct running running = { .test = t };
	char why[420];
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);

	if (!can_run(why, sizeof(why)))
		running.missing = why;
	for_selected(s, &running, run_rows);
}
