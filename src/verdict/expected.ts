// SPDX-License-Identifier: MIT
import type { JobResult } from '../model/result.js';
import type { Status } from '../model/status.js';

/** How a failure that the job matrix expects is shown: as passed, as a thing to do, or as failed. */
export const expectedModes = ['pass', 'todo', 'fail'] as const;
export type ExpectedMode = (typeof expectedModes)[number];
/** docs/decisions.md, "An expected failure is to do". */
export const usualMode: ExpectedMode = 'todo';

/** What a result is to whoever knows red and green only. Every report and the exit code ask here. */
export type Shown = ExpectedMode | 'skip';

type Expectable = Pick<JobResult, 'status' | 'expect' | 'asExpected'>;

/** How a status of a job, or of a case in it, is shown. */
export function shownAs(status: Status, job: Expectable, mode: ExpectedMode): Shown {
  if (status === 'PASS') return 'pass';
  if (status === 'SKIP') return 'skip';
  return job.asExpected ? mode : 'fail';
}

/** How the job itself is shown: a PASS where another status is expected is wrong. */
export function jobShownAs(job: Expectable, mode: ExpectedMode): Shown {
  return passesUnexpectedly(job) ? 'fail' : shownAs(job.status, job, mode);
}

/** It keeps what it is expected to break. */
export const passesUnexpectedly = ({ status, asExpected }: Expectable): boolean =>
  status === 'PASS' && !asExpected;

/** Why something failed, and that it was to: `expected FAIL: 3.3 x the quota`. */
export const expectedReason = ({ expect }: Expectable, reason: string): string =>
  `expected ${expect}${reason === '' ? '' : `: ${reason}`}`;

/** The words for a job that passes where another status is expected. */
export const unexpectedPass = ({ expect }: Expectable): string =>
  `PASS where ${expect} is expected`;
