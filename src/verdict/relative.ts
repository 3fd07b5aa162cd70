// SPDX-License-Identifier: MIT
import type { JobResult } from '../model/result.js';
import type { Verdict } from '../model/status.js';
import { programOf } from '../payload/registry.js';
import { isAnswer } from './answer.js';
import { bringsFault, caseChanges } from './case-changes.js';

/** Whether a job's cases are about whatever its tree has, so that a FAIL says something beside the base only. */
export const isRelative = (job: { readonly program?: string }): boolean =>
  programOf(job).judging.isRelative === true;

/** A fault that the kernel outlived: every test has reported. */
const outlivedFault = ({ decidedBy, cases }: JobResult): boolean =>
  decidedBy === 'fault' && cases.length > 0 && cases.every(({ status }) => status !== 'MISS');

/** It ran to its end: whatever it gave can be compared. */
export const isComparable = (job: JobResult): boolean =>
  isAnswer(job) || (job.status === 'SKIP' && job.decidedBy === 'cases') || outlivedFault(job);

/**
 * What such a pair says of the patch, case by case. What fails on both is the tree's own, and hides nothing, a fault
 * of both neither. A fault that the base does not have is a regression too.
 */
export function relativeVerdict(base: JobResult, patched: JobResult): Verdict {
  if (!isComparable(base)) return 'inconclusive';
  if (patched.decidedBy === 'fault' && bringsFault(base, patched)) return 'regressed';
  const { mended, newlyBroken } = caseChanges(base, patched);
  if (newlyBroken.length > 0) return 'regressed';
  if (!isComparable(patched)) return 'inconclusive';
  return mended.length > 0 ? 'fixed' : 'unchanged';
}
