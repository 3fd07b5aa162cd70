/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of words in a string: "a,b" on the command line, "x y" in the table of cases. Pure. */
#ifndef BUSYGUEST_WORDS_H
#define BUSYGUEST_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a string. */
struct word {
	const char *at;
	size_t len;
};

/*
 * Takes the first word off @list, which is then what follows, or NULL after
 * the last one. False when @list is NULL. Words between two separators can be empty.
 */
bool words_next(const char **list, char separator, struct word *word);

bool word_is(struct word word, const char *text);

/* Whether @word is one of @list; NULL is an empty list. */
bool words_have(const char *list, char separator, struct word word);

#endif
