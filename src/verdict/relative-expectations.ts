// SPDX-License-Identifier: MIT
import type { KernelSpec } from '../model/job.js';
import type { JobResult } from '../model/result.js';
import { pairUp, type Pair } from './pair.js';
import { isComparable, isRelative, relativeVerdict } from './relative.js';

/** What such a job gives is found out, not expected, where there is another to compare it with. */
function asFound(job: JobResult, isCompared: boolean): JobResult {
  const isSettled = isCompared && isRelative(job) && isComparable(job);
  return isSettled ? { ...job, expect: job.status, asExpected: true } : job;
}

/** The jobs with what is expected of them once all are there: a patched kernel must not break what the base passes. */
export function expectOfRelative(
  jobs: readonly JobResult[],
  pairs: readonly Pair[],
): readonly JobResult[] {
  return jobs.map((job) => {
    if (!isRelative(job)) return job;
    const own = pairs.find(({ patched }) => patched === job);
    const isCompared = own !== undefined || pairs.some(({ base }) => base === job);
    const breaks = own !== undefined && relativeVerdict(own.base, job) === 'regressed';
    if (!breaks) return asFound(job, isCompared);
    return { ...job, expect: 'PASS', asExpected: false };
  });
}

/** One job as soon as it is there, beside those that ended before it. */
export function expectSoFar(
  job: JobResult,
  others: readonly JobResult[],
  kernels: readonly Pick<KernelSpec, 'name' | 'base'>[],
): JobResult {
  if (!isRelative(job)) return job;
  const pairs = pairUp([...others, job], kernels);
  const isCompared = kernels.some(
    ({ name, base }) => base === job.kernel || (name === job.kernel && base !== undefined),
  );
  const [settled = job] = expectOfRelative([job], pairs);
  return pairs.some(({ patched }) => patched === job) ? settled : asFound(job, isCompared);
}
