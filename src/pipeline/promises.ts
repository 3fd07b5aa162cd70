// SPDX-License-Identifier: MIT
import type { Promised } from '../devices/device.js';
import type { TestProgram } from '../payload/test-program.js';
import type { PayloadResult } from '../ktap/payload.js';

/**
 * What a device promises and the payload did not see: the result would be about another path of
 * the kernel. Empty where no guest ran, for then there is no result either.
 */
export function brokenPromises(
  { judging }: TestProgram,
  promised: Promised,
  payload: Pick<PayloadResult, 'cases' | 'facts'>,
): string[] {
  if (!judging.hasRun(payload.cases)) return [];
  return Object.entries(promised)
    .filter(([fact, pattern]) => !pattern.test(payload.facts[fact] ?? ''))
    .map(
      ([fact, pattern]) =>
        `${fact} is "${payload.facts[fact] ?? ''}", the device promises ${pattern.source}`,
    );
}
