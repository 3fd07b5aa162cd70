// SPDX-License-Identifier: MIT
import type { JobResult } from '../model/result.js';
import { programOf } from '../payload/registry.js';
import type { Signature } from '../payload/test-program.js';

/** What explains a job that goes wrong; undefined where nothing known does. */
export function signatureOf(job: JobResult): Signature | undefined {
  return programOf(job).reporting.signature(job);
}

/** The signatures of a run with the jobs that each explains, in the order of the jobs. */
export function signaturesOf(
  jobs: readonly JobResult[],
): readonly { readonly signature: Signature; readonly jobs: readonly JobResult[] }[] {
  const found = new Map<string, { signature: Signature; jobs: JobResult[] }>();
  for (const job of jobs) {
    const signature = signatureOf(job);
    if (!signature) continue;
    const known = found.get(signature.name);
    if (known) known.jobs.push(job);
    else found.set(signature.name, { signature, jobs: [job] });
  }
  return [...found.values()];
}
