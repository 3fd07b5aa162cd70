// SPDX-License-Identifier: MIT
import type { CaseResult } from '../model/result.js';

/** The cases as reported, then a MISS for each expected one that never came. */
export function completeCases(
  cases: readonly CaseResult[],
  expected: readonly string[],
): readonly CaseResult[] {
  const reported = new Set(cases.map((one) => one.name));
  const missing = expected
    .filter((name) => !reported.has(name))
    .map((name): CaseResult => ({ name, status: 'MISS', reason: 'never reported', metrics: [] }));
  return [...cases, ...missing];
}

/** The cases that ended with a status. */
export function withStatus(
  { cases }: { readonly cases: readonly CaseResult[] },
  status: CaseResult['status'],
): readonly CaseResult[] {
  return cases.filter((one) => one.status === status);
}

/** The names of cases in one line. */
export function named(cases: readonly CaseResult[]): string {
  return cases.map((one) => one.name).join(', ');
}
