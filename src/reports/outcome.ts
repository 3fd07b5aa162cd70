// SPDX-License-Identifier: MIT
import type { JobResult } from '../model/result.js';

/** What a reader wants to know of a job first; a device that is not here makes no job unexpected. */
export type Outcome = 'expected' | 'unexpected' | 'skipped';

type OutcomeFields = Pick<JobResult, 'asExpected' | 'status' | 'decidedBy'>;

/** Where a job stands against its expectation. */
export function outcomeOf({ asExpected, status, decidedBy }: OutcomeFields): Outcome {
  if (asExpected) return 'expected';
  return status === 'SKIP' && decidedBy === 'device' ? 'skipped' : 'unexpected';
}

/** Neither as expected nor skipped for want of its device. */
export function isUnexpected(job: OutcomeFields): boolean {
  return outcomeOf(job) === 'unexpected';
}

/** A run's outcomes in a phrase: `every job as expected`, `1 of 4 jobs not as expected, 2 without device`. */
export function describeOutcomes(jobs: readonly JobResult[]): string {
  const count = (outcome: Outcome): number =>
    jobs.filter((job) => outcomeOf(job) === outcome).length;
  const skipped = count('skipped');
  const unexpected = count('unexpected');
  const parts: string[] = [];
  if (unexpected > 0) parts.push(`${unexpected} of ${jobs.length} jobs not as expected`);
  else if (skipped < jobs.length) parts.push('every job as expected');
  if (skipped > 0) parts.push(`${skipped} without a device`);
  return parts.length > 0 ? parts.join(', ') : 'no jobs';
}
