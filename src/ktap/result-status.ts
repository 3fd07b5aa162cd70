// SPDX-License-Identifier: MIT
import type { Status } from '../model/status.js';
import type { ResultLine } from './line-type.js';

/** A status and, where the log gives one, why. */
export interface Outcome {
  readonly status: Status;
  readonly reason?: string;
}

const passed: Outcome = { status: 'PASS' };
const failed: Outcome = { status: 'FAIL' };

/**
 * What a result line says, in our words:
 * - `# SKIP` is SKIP after `ok` and after `not ok`;
 * - `# TIMEOUT` and `# ERROR` are ERROR: the test was not finished, so nothing is known;
 * - `# XFAIL` and `# TODO` are PASS after `ok`, SKIP after `not ok` (a failure that was expected says nothing new,
 *   and a `not ok` must never become a PASS);
 * - otherwise `ok` is PASS and `not ok` FAIL, `# XPASS` included;
 * - a line that was `torn` or cut (by the end of the log, or by a kernel message within it) is ERROR.
 */
export function outcomeOf(line: ResultLine, torn: boolean, terminated: boolean): Outcome {
  if (torn) return { status: 'ERROR', reason: 'result line is broken by other output' };
  if (!terminated) return { status: 'ERROR', reason: 'the log ends within this result line' };
  if (line.directive === undefined && line.text === '') return line.ok ? passed : failed;
  const said = [line.directive === 'SKIP' ? '' : (line.directive ?? ''), line.text];
  const text = said.filter((part) => part !== '').join(' ');
  const reason = text === '' ? {} : { reason: text };
  switch (line.directive) {
    case 'SKIP':
      return { status: 'SKIP', ...reason };
    case 'TIMEOUT':
    case 'ERROR':
      return { status: 'ERROR', ...reason };
    case 'XFAIL':
    case 'TODO':
      return { status: line.ok ? 'PASS' : 'SKIP', ...reason };
    default:
      return { status: line.ok ? 'PASS' : 'FAIL', ...reason };
  }
}

/** What becomes of a test that says that all is well, and whose subtests never ran. */
export const withoutTests = (own: Outcome): Outcome =>
  own.status === 'PASS' ? { status: 'ERROR', reason: 'no tests were run' } : own;

/** The worst that a group of cases amounts to: FAIL, then ERROR (MISS included), then PASS; SKIP if all are. */
export function combine(cases: readonly { readonly status: Status }[]): Status {
  if (cases.some((one) => one.status === 'FAIL')) return 'FAIL';
  if (cases.some((one) => one.status === 'ERROR' || one.status === 'MISS')) return 'ERROR';
  return cases.length > 0 && cases.every((one) => one.status === 'SKIP') ? 'SKIP' : 'PASS';
}

/** The parent's own outcome, unless it says that all is well (or was skipped) while a subtest says otherwise. */
export function withSubtests(
  own: Outcome,
  subtests: readonly { readonly status: Status }[],
): Outcome {
  if (subtests.length === 0 || (own.status !== 'PASS' && own.status !== 'SKIP')) return own;
  switch (combine(subtests)) {
    case 'FAIL':
      return { status: 'FAIL', reason: `reported ${own.status}, but a subtest failed` };
    case 'ERROR':
      return { status: 'ERROR', reason: `reported ${own.status}, but a subtest did not finish` };
    default:
      return own;
  }
}
