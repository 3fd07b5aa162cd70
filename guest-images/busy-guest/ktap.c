// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"

/* The metrics of one case that have a flat line; no case has as many. */
#define MAX_METRICS 32

static int number, failed, skipped;

/* As they were printed, for the flat lines of their case. */
static struct {
	char name[40], value[32], unit[12];
} metrics[MAX_METRICS];
static int metric_count;

void ktap_start(int planned)
{
	/* As kselftest.h says it: netdev's CI looks for subtests behind this line only. */
	printf("TAP version 13\n1..%d\n", planned);
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

static void metric(const char *name, const char *value, const char *unit)
{
	printf("# metric: %s %s %s\n", name, value, unit);
	if (metric_count == MAX_METRICS)
		return;
	snprintf(metrics[metric_count].name, sizeof(metrics->name), "%s", name);
	snprintf(metrics[metric_count].value, sizeof(metrics->value), "%s", value);
	snprintf(metrics[metric_count].unit, sizeof(metrics->unit), "%s", unit);
	metric_count++;
}

void ktap_metric(const char *name, int64_t value, const char *unit)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	metric(name, text, unit);
}

void ktap_ratio(const char *name, int64_t num, int64_t den)
{
	int64_t milli = den ? num * 1000 / den : 0;
	int64_t abs = milli < 0 ? -milli : milli;
	char text[48];

	snprintf(text, sizeof(text), "%s%lld.%03lld", milli < 0 ? "-" : "",
		 (long long)abs / 1000, (long long)abs % 1000);
	metric(name, text, "ratio");
}

static void flat_line(const char *name, const char *metric_name, const char *result,
		      const char *value, const char *unit)
{
	printf("BG-RESULT v1 name=%s%s%s result=%s measurement=%s unit=%s;\n", name,
	       *metric_name ? "__" : "", metric_name, result, value, unit);
}

/*
 * The same once more for log readers that know no KTAP and match a line at a
 * time (LAVA's monitors): always every field, and a terminator, for they match
 * while a line is still coming.
 */
static void flat_result(const char *name, const char *result, bool ok)
{
	flat_line(name, "", result, ok ? "1" : "0", "ok");
	for (int i = 0; i < metric_count; i++)
		flat_line(name, metrics[i].name, result, metrics[i].value, metrics[i].unit);
	metric_count = 0;
	fflush(stdout);
}

void ktap_reason(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diagnostic("reason: ", fmt, ap);
	va_end(ap);
}

void ktap_fault(const char *what)
{
	printf("# fault: %s\n", what);
	fflush(stdout);
}

void ktap_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diagnostic("", fmt, ap);
	va_end(ap);
	/* Said because something takes long: now. */
	fflush(stdout);
}

/* For who asks where the time went: since boot, as the kernel's own messages. */
static void print_clock(void)
{
	printf("# clock: %lld us\n", (long long)now_us());
}

void ktap_result(const char *name, bool ok)
{
	print_clock();
	printf("%s %d %s\n", ok ? "ok" : "not ok", ++number, name);
	flat_result(name, ok ? "pass" : "fail", ok);
	failed += !ok;
}

void ktap_undecided(const char *name, const char *fmt, ...)
{
	va_list ap;

	print_clock();
	printf("not ok %d %s # ERROR ", ++number, name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	flat_result(name, "unknown", false);
	failed++;
}

void ktap_skip(const char *name, const char *fmt, ...)
{
	va_list ap;

	printf("ok %d %s # SKIP ", ++number, name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	flat_result(name, "skip", false);
	skipped++;
}

static void bail_out(const char *fmt, va_list ap)
{
	printf("Bail out! ");
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
}

void ktap_bail_out(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	bail_out(fmt, ap);
	va_end(ap);
	_exit(KSFT_FAIL);
}

void ktap_give_up(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	bail_out(fmt, ap);
	va_end(ap);
	/* Where that fails, the stream is closed, which is as silent. */
	if (!freopen("/dev/null", "w", stdout))
		return;
}

int ktap_exit_code(void)
{
	if (failed)
		return KSFT_FAIL;
	return skipped == number ? KSFT_SKIP : KSFT_PASS;
}
