// SPDX-License-Identifier: MIT
import type { Status, Verdict } from '../../model/status.js';
import type { Effect } from '../../verdict/kernel-summary.js';
import { html, type Markup } from './markup.js';

// Shapes that stay apart without colour, also when small.
const shapes: Readonly<Record<Status, string>> = {
  PASS: '\u2713',
  FAIL: '\u2717',
  SKIP: '\u2013',
  ERROR: '\u25b2',
  MISS: '\u25c7',
};

/** A status as shape, colour and word. */
export function statusMark(status: Status): Markup {
  const shape = shapes[status] ?? '\u25c7';
  return html`<span class="st ${status.toLowerCase()}"
    ><span aria-hidden="true">${shape}</span> ${status}</span
  >`;
}

const verdictShapes: Readonly<Record<Verdict | 'none', string>> = {
  fixed: '\u2713',
  'no-effect': '\u2717',
  regressed: '\u2717',
  'not-reproduced': '\u25c7',
  inconclusive: '\u25b2',
  unchanged: '\u2713',
  none: '\u2013',
};

const verdictClasses: Readonly<Record<Verdict | 'none', string>> = {
  fixed: 'pass',
  'no-effect': 'fail',
  regressed: 'fail',
  'not-reproduced': 'miss',
  inconclusive: 'error',
  unchanged: 'pass',
  none: 'skip',
};

/** A verdict as shape, colour and word. */
export function verdictMark(verdict: Verdict | 'none'): Markup {
  const shape = verdictShapes[verdict] ?? '\u25c7';
  const words = verdict === 'none' ? 'no verdict' : verdict;
  return html`<span class="st ${verdictClasses[verdict] ?? 'miss'}"
    ><span aria-hidden="true">${shape}</span> ${words}</span
  >`;
}

const effectStatus: Readonly<Record<Effect, Status>> = {
  breaks: 'FAIL',
  scheduler: 'FAIL',
  crashes: 'FAIL',
  build: 'FAIL',
  beside: 'FAIL',
  keeps: 'PASS',
  unknown: 'ERROR',
  untested: 'SKIP',
};

/** What a kernel does, as the status that it has. */
export function effectMark(effect: Effect): Markup {
  return statusMark(effectStatus[effect]);
}
