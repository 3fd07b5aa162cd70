// SPDX-License-Identifier: MIT
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../model/errors.js';
import { exists, writeWhole } from '../system/files.js';
import { self } from '../system/owner.js';
import { firstLine, run } from '../system/processes.js';

/** No series comes near. */
const largestBytes = 64 * 1024 ** 2;
const messageId = /^<?([^\s/<>]+@[^\s/<>]+)>?$/;

/**
 * What --series names, as paths: a path that is there as it is, else what stands between its commas; `-` is standard
 * input, and the id of a message what b4 finds of it. Throws UsageError, InfraError.
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
  const id = messageId.exec(part)?.[1];
  if (id === undefined || (await exists(part))) return part;
  if ((await firstLine(['b4', '--version'])) === undefined) {
    throw new UsageError(
      `--series ${part}: to fetch a message by its id, b4 is needed; is it installed?`,
    );
  }
  const { stdout } = await run(['b4', 'am', '-o-', id], { stage: 'fetch', signal });
  return mailbox(stdout);
}

async function standardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    bytes += (chunk as Buffer).length;
    if (bytes > largestBytes)
      throw new UsageError('--series -: more than 64 MiB; that is no series');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** Mails in a file of their own; the check keeps the patches in its folder. */
async function mailbox(mails: Buffer | string): Promise<string> {
  // With its owner's name: of a process that was killed, the next one takes it away.
  const dir = await mkdtemp(join(tmpdir(), `busyguest-series-${self}-`));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'series.mbox');
  await writeWhole(path, mails);
  return path;
}
