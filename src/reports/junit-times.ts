// SPDX-License-Identifier: MIT
import type { JobResult } from '../model/result.js';

/** What is done once for all jobs of a kernel: it counts in the first of them. */
const ofKernel: readonly string[] = ['build', 'image'];

const seconds = (milliseconds: number): number => Number((milliseconds / 1000).toFixed(3));

/** Wall-clock seconds that this run spent on a job: shared work only once, and nothing for a result that was reused. */
export function suiteSeconds(job: JobResult, jobs: readonly JobResult[]): number {
  const spent = Object.entries(job.timesMs).filter(([name, ms]) => {
    if (!ofKernel.includes(name)) return name === 'judge' || !job.reused;
    // The same kernel with other options (for selftests) is another build.
    return jobs.find((one) => one.kernel === job.kernel && one.timesMs[name] === ms) === job;
  });
  return seconds(spent.reduce((sum, [, ms]) => sum + ms, 0));
}

/** Wall-clock seconds from the result before to the result of this case; 0 where nobody watched it. */
export function caseSeconds(job: JobResult, name: string): number {
  const wallMs = job.reused ? undefined : job.caseTimes?.[name]?.wallMs;
  return seconds(wallMs ?? 0);
}
