// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "select.h"
#include "words.h"

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

static const struct test_case *run_end(const struct case_group *g, const struct test_case *first)
{
	const struct test_case *c = first, *end = g->cases + g->count;

	while (c < end && c->run == first->run)
		c++;
	return c;
}

static bool any_selected(const struct test_case *c, const struct test_case *end,
			 const struct selection *s)
{
	while (c < end && !row_selected(c, s))
		c++;
	return c < end;
}

void select_runs(const struct case_table *table, const struct selection *s, void *arg,
		 void (*visit)(const struct test_case *first, const struct test_case *end, void *arg))
{
	for (size_t i = 0; i < table->count; i++) {
		const struct case_group *g = table->groups[i];
		const struct test_case *c = g->cases;

		while (c < g->cases + g->count) {
			const struct test_case *end = run_end(g, c);

			if (any_selected(c, end, s))
				visit(c, end, arg);
			c = end;
		}
	}
}

const struct test_case *select_run_end(const struct case_table *table, const struct test_case *c)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct case_group *g = table->groups[i];

		if (c >= g->cases && c < g->cases + g->count)
			return run_end(g, c);
	}
	return c + 1;
}

static void count_rows(const struct test_case *c, const struct test_case *end, void *count)
{
	*(int *)count += end - c;
}

int select_count(const struct case_table *table, const struct selection *s)
{
	int count = 0;

	select_runs(table, s, &count, count_rows);
	return count;
}

static bool word_known(const struct case_table *table, struct word word, bool is_tag)
{
	for (size_t i = 0; i < table->count; i++)
		for (size_t n = 0; n < table->groups[i]->count; n++) {
			const struct test_case *c = &table->groups[i]->cases[n];

			if (is_tag ? has_tag(c, word) : word_is(word, c->name))
				return true;
		}
	return false;
}

static char *unknown_word(const struct case_table *table, const char *list, bool is_tag)
{
	struct word word;

	while (words_next(&list, ',', &word))
		if (!word_known(table, word, is_tag))
			return strndup(word.at, word.len);
	return NULL;
}

char *select_unknown(const struct case_table *table, const struct selection *s)
{
	char *name = unknown_word(table, s->names, false);

	return name ? name : unknown_word(table, s->tags, true);
}
