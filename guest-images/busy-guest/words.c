// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "words.h"

bool words_next(const char **list, char separator, struct word *word)
{
	const char *end;

	if (!*list)
		return false;
	end = strchrnul(*list, separator);
	*word = (struct word){ .at = *list, .len = end - *list };
	*list = *end ? end + 1 : NULL;
	return true;
}

bool word_is(struct word word, const char *text)
{
	return strlen(text) == word.len && !strncmp(text, word.at, word.len);
}

bool words_have(const char *list, char separator, struct word word)
{
	struct word one;

	while (words_next(&list, separator, &one))
		if (one.len == word.len && !strncmp(one.at, word.at, word.len))
			return true;
	return false;
}
