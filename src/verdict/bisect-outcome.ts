// SPDX-License-Identifier: MIT
import type { JobResult, RunResult } from '../model/result.js';

/** What a commit is to a bisection. `skip`: cannot be told. */
export type BisectOutcome = 'good' | 'bad' | 'skip';

/** What `git bisect run` takes each for. */
export const bisectExitCode: Readonly<Record<BisectOutcome, number>> = {
  good: 0,
  bad: 1,
  skip: 125,
};

/**
 * PASS is good, a FAIL of the guest's cases is bad. A kernel that does not build, does not boot, panics or
 * does not limit a plain loop has another bug than the one that is looked for, and an ERROR says nothing of the kernel.
 */
export function bisectOutcome(run: RunResult): BisectOutcome {
  const outcomes = run.jobs.map(outcomeOf);
  if (outcomes.includes('bad')) return 'bad';
  return outcomes.length === 0 || outcomes.includes('skip') ? 'skip' : 'good';
}

function outcomeOf({ status, decidedBy }: JobResult): BisectOutcome {
  if (status === 'PASS') return 'good';
  return status === 'FAIL' && decidedBy === 'cases' ? 'bad' : 'skip';
}
