// SPDX-License-Identifier: MIT

/** Statuses of a test case and of a job, in KCIDB's words (KCIDB schema v5.3, `tests[].status`). */
export const statuses = ['PASS', 'FAIL', 'SKIP', 'ERROR', 'MISS'] as const;
/** ERROR: could not tell (lab, contention, bad precondition). MISS: never reported. */
export type Status = (typeof statuses)[number];

/** What a base/patched pair of jobs says about the patch. */
export const verdicts = [
  'fixed',
  'no-effect',
  'regressed',
  'not-reproduced',
  'inconclusive',
  'unchanged',
] as const;
export type Verdict = (typeof verdicts)[number];
