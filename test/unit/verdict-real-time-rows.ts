// SPDX-License-Identifier: MIT
import { caseWith, casesWith, goodMetrics } from './verdict-evidence.js';
import type { Row } from './verdict-judge-rows.js';

const certain = { ...goodMetrics['busy_guest_obeys_quota'], windows: 24, evidence_log10: 6.96 };
const broken = caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.33, usage: 6e6 });

/** Where time is real, one window proves nothing. */
export const realTimeRows: readonly Row[] = [
  {
    what: 'a PASS in real time without enough windows',
    evidence: { facts: { time: 'real' } },
    status: 'ERROR',
    by: 'proof',
    reason: /busy_guest_obeys_quota has no metric evidence_log10/,
  },
  {
    what: 'a PASS in real time with too little evidence',
    evidence: {
      facts: { time: 'real' },
      cases: casesWith(
        caseWith('busy_guest_obeys_quota', 'PASS', { ...certain, evidence_log10: 5.99 }),
      ),
    },
    status: 'ERROR',
    by: 'proof',
    reason: /too few windows for an error below 1e-6/,
  },
  {
    what: 'a PASS in real time, certain',
    evidence: {
      facts: { time: 'real' },
      cases: casesWith(caseWith('busy_guest_obeys_quota', 'PASS', certain)),
    },
    status: 'PASS',
    by: 'cases',
    reason: /1\.02 x the quota in 24 windows \(error below 1e-6\)$/,
  },
  {
    what: 'a FAIL in real time that was seen once',
    evidence: { facts: { time: 'real' }, cases: casesWith(broken) },
    status: 'ERROR',
    by: 'proof',
    reason: /^busy_guest_obeys_quota: 3\.33 x the quota: in real time that needs many windows/,
  },
  {
    what: 'a FAIL in real time, certain',
    evidence: {
      facts: { time: 'real' },
      cases: casesWith(
        caseWith('busy_guest_obeys_quota', 'FAIL', { ...certain, overrun_ratio: 3.33 }),
      ),
    },
    status: 'FAIL',
    by: 'cases',
    reason: /3\.33 x the quota in 24 windows/,
  },
];
