// SPDX-License-Identifier: MIT
import type { CaseResult } from '../model/result.js';

/** The cases of the busy-guest payload in the order it runs them; each must be reported. */
export const busyGuestCases = [
  'kvm_hv_available',
  'control_guest_unlimited',
  'control_host_loop_obeys_quota',
  'busy_guest_obeys_quota',
  'busy_guest_is_throttled',
  'busy_guest_debt_bounded',
  'busy_guest_makes_progress',
  'busy_guest_dies_at_once',
] as const;

/** A control shows that the machine can be trusted; it says nothing about the kernel under test. */
export function isControl(name: string): boolean {
  return name.startsWith('control_');
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

/** The value of a metric of a case; undefined where it is absent or no finite number. */
export function metricOf(result: CaseResult | undefined, name: string): number | undefined {
  const value = result?.metrics.find((metric) => metric.name === name)?.value;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
