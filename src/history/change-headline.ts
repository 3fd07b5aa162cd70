// SPDX-License-Identifier: MIT
import type { JobChange, RunComparison } from '../model/history.js';

const shownJobs = 3;

function jobs(list: readonly JobChange[]): string {
  const names = list
    .slice(0, shownJobs)
    .map(({ job, before, after }) => `${job} (${before} -> ${after})`);
  const more = list.length - shownJobs;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const count = (number: number, one: string, many: string): string =>
  `${number} ${number === 1 ? one : many}`;

/** What changed between two runs, in one sentence: what is worse, what is better, and which kernels differ. */
export function changeHeadline(
  found: Pick<RunComparison, 'a' | 'newFailures' | 'fixed' | 'stillFailing' | 'metrics'> &
    Required<Pick<RunComparison, 'kernels'>>,
): string {
  const { newFailures, fixed, stillFailing, kernels } = found;
  const parts: string[] = [];
  if (newFailures.length > 0) {
    parts.push(`${count(newFailures.length, 'new failure', 'new failures')}: ${jobs(newFailures)}`);
  }
  if (fixed.length > 0) parts.push(`${count(fixed.length, 'job', 'jobs')} fixed: ${jobs(fixed)}`);
  if (stillFailing.length > 0)
    parts.push(`${count(stillFailing.length, 'job', 'jobs')} still failing`);
  if (parts.length === 0) parts.push('no job has another result');
  const versions = new Set(kernels.map(({ before, after }) => `${before} -> ${after}`));
  const which = versions.size > 0 ? [...versions].join(', ') : 'the same kernels';
  return `since ${found.a}: ${parts.join('; ')} (${which})`;
}
