// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { git } from '../kernels/git.js';
import { hasDiff, isMbox, readMail, splitMbox, type Mail } from '../kernels/mbox.js';
import { subjectTags } from '../kernels/series-order.js';
import { JobError } from '../model/errors.js';
import { checked, parseJson, readInput } from '../system/input.js';
import { mailbox, standardInput, thread } from './series-argument.js';

/** What b4 asks to be checked. */
export interface B4Series {
  /** Path of its mails. */
  readonly path: string;
  /** The commit that b4 has put it on. */
  readonly base?: string;
}

/** As much as is used of what b4 tracks of a series (B4_TRACKING_FILE). */
const trackingFile = z.looseObject({
  series: z.looseObject({
    'thread-blob': z
      .string()
      .regex(/^[0-9a-f]{40,64}$/)
      .optional()
      .catch(undefined),
    'base-commit': z
      .string()
      .regex(/^[0-9a-f]{40,64}$/)
      .optional()
      .catch(undefined),
  }),
});
const mostTrackingBytes = 64 * 1024 ** 2;

/**
 * b4 gives a check command one mail on standard input: the cover letter, or the first patch. The others are in the
 * thread that it keeps in the repository, or else in the list's archive. A whole series on standard input is taken as
 * it is. b4 runs commands in the repository. Throws UsageError, JobError, InfraError.
 */
export async function b4Series(signal: AbortSignal): Promise<B4Series> {
  const bytes = await standardInput();
  const split = isMbox(bytes) ? splitMbox(bytes) : [bytes];
  const mails = await Promise.all(split.map((mail) => readMail(mail, 'standard input')));
  const { blob, base } = await tracked();
  const found = { ...(base !== undefined && { base }) };
  if (isWhole(mails)) return { path: await mailbox(bytes), ...found };
  if (blob !== undefined) {
    const asked = { stage: 'source', signal, bytes: true } as const;
    const { stdout } = await git('.', ['cat-file', 'blob', blob], asked);
    return { path: await mailbox(Buffer.from(stdout, 'latin1')), ...found };
  }
  const id = mails.find(({ messageId }) => messageId !== undefined)?.messageId;
  if (id === undefined) {
    throw new JobError([
      { message: 'check --b4: standard input is no mail of a series: it has no Message-ID' },
    ]);
  }
  return { path: await thread(id.replace(/^<|>$/g, ''), signal), ...found };
}

function isWhole(mails: readonly Mail[]): boolean {
  const patches = mails.filter(({ text }) => hasDiff(text));
  const count = Math.max(...mails.map(({ subject }) => subjectTags(subject).m ?? 1));
  return patches.length > 0 && patches.length >= count;
}

async function tracked(): Promise<{ readonly blob?: string; readonly base?: string }> {
  const file = process.env['B4_TRACKING_FILE'];
  if (!file) return {};
  const text = (await readInput(file, mostTrackingBytes)).toString('utf8');
  const { series } = checked(file, trackingFile, parseJson(file, text));
  const { 'thread-blob': blob, 'base-commit': base } = series;
  return { ...(blob !== undefined && { blob }), ...(base !== undefined && { base }) };
}
