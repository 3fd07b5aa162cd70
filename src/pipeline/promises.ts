// SPDX-License-Identifier: MIT
import type { Promised } from '../devices/device.js';
import type { PayloadResult } from '../ktap/payload.js';

/**
 * What a device promises and the payload did not see: the result would be about another path of
 * the kernel. Empty where no guest ran, for then there is no result either.
 */
export function brokenPromises(
  promised: Promised,
  payload: Pick<PayloadResult, 'cases' | 'facts'>,
): string[] {
  const ran = payload.cases.some(
    ({ name, status }) => name === 'kvm_hv_available' && status === 'PASS',
  );
  if (!ran) return [];
  return Object.entries(promised)
    .filter(([fact, pattern]) => !pattern.test(payload.facts[fact] ?? ''))
    .map(
      ([fact, pattern]) =>
        `${fact} is "${payload.facts[fact] ?? ''}", the device promises ${pattern.source}`,
    );
}
