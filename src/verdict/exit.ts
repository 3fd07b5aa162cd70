// SPDX-License-Identifier: MIT
import { exitCode } from '../model/errors.js';
import type { JobResult, Judgement, RunResult } from '../model/result.js';
import type { Status } from '../model/status.js';
import { jobShownAs, usualMode, type ExpectedMode } from './expected.js';

/**
 * Whether a job gave what its matrix says it should. An expected FAIL is one of the test's own
 * cases: a kernel that panics or does not compile has not shown what was expected of it.
 */
export function asExpected({ status, decidedBy }: Judgement, expect: Status): boolean {
  return status === expect && (status !== 'FAIL' || decidedBy === 'cases');
}

/** The kernel gave a result, and it is the wrong one; a kernel that does not compile counts. */
function isWrongKernel({ status, decidedBy }: JobResult): boolean {
  return status === 'FAIL' || status === 'PASS' || decidedBy === 'build';
}

/** The kernel booted and lacks what the test needs: where other jobs ran, that is not "nothing to do". */
function isUntestable({ status, decidedBy }: JobResult): boolean {
  return status === 'SKIP' && decidedBy !== 'device';
}

/** Not as expected, or told to count all the same. */
const counts = (job: JobResult, mode: ExpectedMode): boolean =>
  !job.asExpected || jobShownAs(job, mode) === 'fail';

function isBrokenLab({ status }: JobResult): boolean {
  return status === 'ERROR' || status === 'MISS';
}

/**
 * The exit code of a run. What a kernel did wrong and what the lab did wrong never share a code.
 * @param mode with `fail`, failures that are expected count as well
 */
export function exitCodeOf(run: RunResult, mode: ExpectedMode = usualMode): number {
  if (run.interrupted) return exitCode.interrupted;
  const unexpected = run.jobs.filter((job) => counts(job, mode));
  if (unexpected.some(isWrongKernel)) return exitCode.unexpected;
  if (unexpected.some((job) => job.status === 'ERROR' && job.decidedBy === 'input')) {
    return exitCode.badJob;
  }
  if (unexpected.some(isBrokenLab)) return exitCode.infrastructure;
  if (run.jobs.every((job) => job.status === 'SKIP')) return exitCode.nothingRan;
  return unexpected.some(isUntestable) ? exitCode.unexpected : exitCode.ok;
}

/**
 * The exit code that counts only what got worse since the run before: that of the jobs that fail newly or are new
 * and fail. Without a run before it, all count.
 */
export function exitCodeOfNew(
  run: RunResult,
  change:
    | {
        readonly newFailures: readonly { readonly job: string }[];
        readonly newJobs: readonly string[];
      }
    | undefined,
  mode: ExpectedMode = usualMode,
): number {
  const whole = exitCodeOf(run, mode);
  if (!change || run.interrupted) return whole;
  const worse = new Set([...change.newFailures.map(({ job }) => job), ...change.newJobs]);
  const jobs = run.jobs.filter((job) => worse.has(job.name) && counts(job, mode));
  if (jobs.length > 0) return exitCodeOf({ ...run, jobs }, mode);
  return whole === exitCode.nothingRan ? whole : exitCode.ok;
}
