// SPDX-License-Identifier: MIT
import type { KernelSpec } from '../model/job.js';
import type { JobResult, RunResult } from '../model/result.js';
import { isAnswer } from './answer.js';
import { asExpected } from './exit.js';
import { judgePair, overallVerdict, pairUp, type Pair } from './pair.js';

type Names = readonly Pick<KernelSpec, 'name' | 'base'>[];

/** Whether the kernel is the one whose status the check is about: the last of the series. */
const isLast = (name: string, kernels: Names): boolean => kernels.at(-1)?.name === name;

/**
 * A job of a check as soon as it is there. What the base gives is found out, not expected: PASS and
 * a limit that is broken are both an answer. So it is for what comes before the last patch.
 */
export function expectOfJob(job: JobResult, kernels: Names): JobResult {
  if (isLast(job.kernel, kernels) || !isAnswer(job)) return job;
  return { ...job, expect: job.status, asExpected: true };
}

/**
 * A check at its end: the verdict is that of the whole series against the base; what lies between
 * counts only where it breaks what the base keeps.
 */
export function expectOfCheck(run: RunResult, kernels: Names): RunResult {
  const pairs = pairUp(run.jobs, kernels);
  const verdict = (pair: Pair): string => judgePair(pair).verdict;
  const breaks = (job: JobResult): boolean =>
    pairs.some((pair) => pair.patched.name === job.name && verdict(pair) === 'regressed');
  const jobs = run.jobs.map((job) => {
    if (!breaks(job) || isLast(job.kernel, kernels)) return expectOfJob(job, kernels);
    return { ...job, expect: 'PASS' as const, asExpected: asExpected(job, 'PASS') };
  });
  const counted = pairs.filter(
    (pair) => isLast(pair.patched.kernel, kernels) || verdict(pair) === 'regressed',
  );
  return { ...run, jobs, overall: overallVerdict(counted) };
}
