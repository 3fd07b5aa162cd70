// SPDX-License-Identifier: MIT
import { pathFacts, type Promised } from '../model/result.js';
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
  return pathFacts.flatMap((fact) => {
    const [pattern, said = ''] = [promised[fact], payload.facts[fact]];
    if (pattern === undefined || pattern.test(said)) return [];
    return [`${fact} is "${said}", the device promises ${pattern.source}`];
  });
}
