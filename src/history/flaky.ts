// SPDX-License-Identifier: MIT
import type { FlakyJob, RunSummary } from '../model/history.js';

interface Tally {
  readonly job: string;
  readonly device: string;
  readonly test: string;
  readonly inputsKey: string;
  passed: number;
  failed: number;
  readonly runs: string[];
}

/**
 * Jobs that both passed and failed with identical inputs (fact `inputs_key`), sorted by name. A reused result
 * is no second measurement, so it does not count; neither do ERROR, MISS and SKIP, which say nothing.
 * @param runs oldest first
 */
export function findFlaky(runs: readonly RunSummary[]): readonly FlakyJob[] {
  const tallies = new Map<string, Tally>();
  for (const { run, jobs } of runs) {
    for (const { name, device, test, inputsKey, status, reused } of jobs) {
      if (inputsKey === undefined || reused || (status !== 'PASS' && status !== 'FAIL')) continue;
      const key = `${inputsKey}\n${device}\n${test}`;
      let tally = tallies.get(key);
      if (!tally) {
        tally = { job: name, device, test, inputsKey, passed: 0, failed: 0, runs: [] };
        tallies.set(key, tally);
      }
      if (status === 'PASS') tally.passed += 1;
      else tally.failed += 1;
      tally.runs.push(run);
    }
  }
  return [...tallies.values()]
    .filter(({ passed, failed }) => passed > 0 && failed > 0)
    .sort((a, b) => (a.job < b.job ? -1 : a.job > b.job ? 1 : 0));
}
