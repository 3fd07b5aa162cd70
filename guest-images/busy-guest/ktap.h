/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KTAP on stdout (Documentation/dev-tools/ktap.rst), and the diagnostics that
 * busyguest reads: docs/payload-output.md. After each result line the same as
 * flat lines for LAVA.
 */
#ifndef BUSYGUEST_KTAP_H
#define BUSYGUEST_KTAP_H

#include <stdbool.h>
#include <stdint.h>

/* Exit codes of kselftest (tools/testing/selftests/kselftest.h). */
enum { KSFT_PASS = 0, KSFT_FAIL = 1, KSFT_SKIP = 4 };

void ktap_start(int planned);

/* Diagnostics; they belong to the next result line. */
void ktap_fact(const char *key, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ktap_metric(const char *name, int64_t value, const char *unit);
/* A ratio with three decimals. 0 when @den is 0. */
void ktap_ratio(const char *name, int64_t num, int64_t den);
void ktap_reason(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What KVM did to a guest; busyguest takes it as it takes an oops of the kernel. */
void ktap_fault(const char *what);
/* For people alone. */
void ktap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One result line. */
void ktap_result(const char *name, bool ok);
/* Nothing could be shown, neither way. */
void ktap_undecided(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ktap_skip(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Nothing more can be said: ends the program. */
void ktap_bail_out(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/*
 * The same where there is something to clean up: returns, and nothing is
 * printed any more. What cases say of themselves while they end is not judged,
 * and the exit code is KSFT_FAIL, not ktap_exit_code().
 */
void ktap_give_up(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* KSFT_PASS, KSFT_FAIL, or KSFT_SKIP when every result was a skip. */
int ktap_exit_code(void);

#endif
