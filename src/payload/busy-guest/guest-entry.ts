// SPDX-License-Identifier: MIT
import { architectures } from '../../architectures/architectures.js';
import type { JobResult } from '../../model/result.js';

/** The function that decides about a guest entry on the machine of a job, and its file; undefined where no guest ran. */
export function guestEntry({
  payloadFacts: facts = {},
}: Pick<JobResult, 'payloadFacts'>): string | undefined {
  const kind = facts['kvm'] ?? '';
  return architectures.find(({ kvm }) => kvm.kinds.includes(kind))?.kvm.entry(facts);
}
