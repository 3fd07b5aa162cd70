// SPDX-License-Identifier: MIT
import { payloadCases, selectedCases } from '../payload/busy-guest/cases.js';
import type { CaseResult } from '../model/result.js';

/** The cases of the busy-guest payload that run where a test asks for no others. */
export const busyGuestCases: readonly string[] = selectedCases({});

/** Those of them that every machine can run, and not only one whose time is virtual. */
export const neededCases: readonly string[] = payloadCases
  .filter(({ name, tags }) => busyGuestCases.includes(name) && !tags.includes('virtual'))
  .map(({ name }) => name);

/** Runs whatever a test asks for: what the others are worth depends on it. */
export function runsAlways(name: string): boolean {
  return payloadCases.some((one) => one.name === name && one.tags.includes('always'));
}

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
