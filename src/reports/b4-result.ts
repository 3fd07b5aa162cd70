// SPDX-License-Identifier: MIT
import type { RunResult } from '../model/result.js';
import type { Verdict } from '../model/status.js';
import { headlineOf } from '../verdict/headline.js';
import { cleanLine, cleanText } from './text.js';

/** What b4 reads from a check command (docs/maintainer/review.rst and misc/review-ci-example.py of b4). */
export interface B4Result {
  readonly tool: 'busyguest';
  readonly status: 'pass' | 'warn' | 'fail';
  readonly summary: string;
  readonly url?: string;
  readonly details: string;
}

/** A series that leaves a broken base as it is did not break it, and what could not be told blames nobody. */
const statuses: Readonly<Record<Verdict | 'none', B4Result['status']>> = {
  fixed: 'pass',
  'not-reproduced': 'pass',
  unchanged: 'pass',
  'no-effect': 'warn',
  inconclusive: 'warn',
  none: 'warn',
  regressed: 'fail',
};

/** What a finished check says of a series. @param details for who wants to read more */
export function b4ResultOf(run: RunResult, details: string, url?: string): B4Result {
  // It compares nothing, so it is no verdict of a pair.
  const unbuilt = run.jobs.some(
    ({ decidedBy, asExpected }) => decidedBy === 'build' && !asExpected,
  );
  const status = run.interrupted ? 'warn' : unbuilt ? 'fail' : statuses[run.overall];
  return {
    tool: 'busyguest',
    status,
    summary: cleanLine(run.interrupted ? 'interrupted' : headlineOf(run)),
    ...(url !== undefined && { url }),
    details: cleanText(details),
  };
}

/** A check that came to no end: a series that does not apply, or a machine that failed. */
export const b4Failure = (status: 'warn' | 'fail', message: string): B4Result => {
  const [first = '', ...more] = message.split('\n');
  return {
    tool: 'busyguest',
    status,
    summary: cleanLine(first),
    details: cleanText(more.join('\n')),
  };
};

/** As b4 reads it: a list, and nothing else. */
export const renderB4 = (result: B4Result): string => `${JSON.stringify([result], undefined, 2)}\n`;
