// SPDX-License-Identifier: MIT
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfraError, JobError, UsageError } from '../model/errors.js';
import { exists, writeWhole } from '../system/files.js';
import { self } from '../system/owner.js';
import { firstLine, run, tail } from '../system/processes.js';

/** No series comes near. */
const largestBytes = 64 * 1024 ** 2;
const messageId = /^<?([^\s/<>@]+@[^\s/<>]+)>?$/;
/** A mail's page in a list archive, as one copies it from a browser: `https://HOST/LIST/MESSAGE-ID/`. */
const archivePage = /^https?:\/\/[^/\s]+\/[^/\s]+\/[^/\s]+@[^/\s]+/;

/**
 * What --series names, as paths: a path that is there as it is, else what stands between its commas; `-` is standard
 * input, and the id of a message, or its page in an archive, the thread that b4 finds. Throws UsageError, JobError,
 * InfraError.
 */
export async function seriesPaths(
  given: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const paths: string[] = [];
  for (const one of given) {
    const parts = (await exists(one)) ? [one] : one.split(',').filter((part) => part !== '');
    for (const part of parts) paths.push(await pathOf(part, signal));
  }
  return paths;
}

async function pathOf(part: string, signal: AbortSignal): Promise<string> {
  if (part === '-') return mailbox(await standardInput());
  const id = messageId.exec(part)?.[1] ?? archivePage.exec(part)?.[0];
  return id === undefined || (await exists(part)) ? part : thread(id, signal);
}

/**
 * All mails of the thread, as a maildir. Not `b4 am`: it drops To, Cc and the cover letter, which the reply needs, and
 * where git knows no user.email, b4 0.12 ends with 1 and without a word.
 */
export async function thread(id: string, signal: AbortSignal): Promise<string> {
  if ((await firstLine(['b4', '--version'])) === undefined) {
    throw new UsageError(
      `--series ${id}: b4 is needed to fetch a series by its Message-ID:\n  apt-get install b4\nor save the thread as an mbox and give that file`,
    );
  }
  const dir = await ownFolder();
  const argv = ['b4', 'mbox', '--save-as-maildir', '--mbox-name', 'thread', '--outdir', dir];
  const { exitCode, stderr } = await run([...argv, '--', id], {
    stage: 'fetch',
    // Where we are may be a stranger's tree, whose .b4-config and git config name another archive.
    cwd: dir,
    passes: 'network',
    signal,
    okCodes: [0, 1],
  });
  const path = join(dir, 'thread');
  if (exitCode === 0 && (await exists(path))) return path;
  if (/not known|No messages found/.test(stderr)) {
    throw new JobError([{ message: `--series ${id}: b4 finds no such message in the archive` }]);
  }
  const todo = 'try "b4 mbox" by hand, or save the thread as an mbox and give that file';
  throw new InfraError('fetch', `b4 could not fetch the thread of ${id}`, todo, tail(stderr));
}

/** All of standard input. Throws UsageError. */
export async function standardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    bytes += (chunk as Buffer).length;
    if (bytes > largestBytes)
      throw new UsageError('--series -: more than 64 MiB; that is not a series');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** Mails in a file of their own; the check keeps the patches in its folder. */
export async function mailbox(mails: Buffer): Promise<string> {
  const path = join(await ownFolder(), 'series.mbox');
  await writeWhole(path, mails);
  return path;
}

/** Goes away with the process. */
async function ownFolder(): Promise<string> {
  // With its owner's name: of a process that was killed, the next one takes it away.
  const dir = await mkdtemp(join(tmpdir(), `busyguest-series-${self}-`));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
