// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "ktap.h"

static int number, failed, skipped;

void ktap_start(int planned)
{
	printf("KTAP version 1\n1..%d\n", planned);
}

static void diagnostic(const char *head, const char *fmt, va_list ap)
{
	printf("# %s", head);
	vprintf(fmt, ap);
	putchar('\n');
}

void ktap_fact(const char *key, const char *fmt, ...)
{
	va_list ap;

	printf("# fact: %s ", key);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

void ktap_metric(const char *name, int64_t value, const char *unit)
{
	printf("# metric: %s %lld %s\n", name, (long long)value, unit);
}

void ktap_ratio(const char *name, int64_t num, int64_t den)
{
	int64_t milli = den ? num * 1000 / den : 0;

	printf("# metric: %s %s%lld.%03lld ratio\n", name, milli < 0 ? "-" : "",
	       (long long)(milli < 0 ? -milli : milli) / 1000,
	       (long long)(milli < 0 ? -milli : milli) % 1000);
}

void ktap_reason(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diagnostic("reason: ", fmt, ap);
	va_end(ap);
}

void ktap_result(const char *name, bool ok)
{
	printf("%s %d %s\n", ok ? "ok" : "not ok", ++number, name);
	fflush(stdout);
	failed += !ok;
}

void ktap_skip(const char *name, const char *fmt, ...)
{
	va_list ap;

	printf("ok %d %s # SKIP ", ++number, name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	skipped++;
}

int ktap_exit_code(void)
{
	if (failed)
		return KSFT_FAIL;
	return skipped == number ? KSFT_SKIP : KSFT_PASS;
}
