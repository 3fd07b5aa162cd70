// SPDX-License-Identifier: MIT
import type { RunResult } from '../model/result.js';
import { programOf } from '../payload/registry.js';

/**
 * The ways into a guest that a patched kernel has not mended, while it has mended others: what its fix lacks. Empty
 * where it mends all or none.
 */
export function missingEntries(
  run: Pick<RunResult, 'jobs' | 'verdicts'>,
  patched: string,
): readonly string[] {
  const entries = new Map<string, Set<string>>();
  for (const pair of run.verdicts.filter((one) => one.patched === patched)) {
    const job = run.jobs.find(
      ({ kernel, device, test }) =>
        kernel === patched && device === pair.device && test === pair.test,
    );
    const entry = job && programOf(job).reporting.placeInKernel(job);
    if (entry === undefined) continue;
    entries.set(entry, (entries.get(entry) ?? new Set()).add(pair.verdict));
  }
  const mended = [...entries].some(([, verdicts]) => verdicts.has('fixed'));
  const missing = [...entries].filter(
    ([, verdicts]) => verdicts.has('no-effect') && !verdicts.has('fixed'),
  );
  return mended ? missing.map(([entry]) => entry) : [];
}
