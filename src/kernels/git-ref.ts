// SPDX-License-Identifier: MIT
import { nearest } from '../documents/nearest.js';
import { JobError } from '../model/errors.js';
import { git } from './git.js';

/** More refs than this are not compared, so that a mistyped name costs no seconds. */
const mostRefs = 20_000;

/** The error for a ref that names no commit of a repository, with the branch or tag that was probably meant. */
export async function noCommitError(
  repository: string,
  ref: string,
  signal: AbortSignal,
): Promise<JobError> {
  const args = ['for-each-ref', `--count=${mostRefs}`, '--format=%(refname:short)'];
  const options = { stage: 'source', signal, okCodes: [0, 128] };
  const { stdout } = await git(repository, args, options);
  const close = nearest(ref, stdout.split('\n').filter(Boolean));
  const hint =
    close === undefined
      ? 'give a branch, tag or commit of that repository'
      : `did you mean "${close}"?`;
  return new JobError([{ message: `${repository}: no commit "${ref}"`, hint }]);
}
