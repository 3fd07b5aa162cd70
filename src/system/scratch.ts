// SPDX-License-Identifier: MIT
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfraError } from '../model/errors.js';
import { lives, ownerPattern, self, unseen } from './owner.js';

const prefix = 'busyguest-';
let swept: Promise<void> | undefined;

/**
 * Does `work` with a new folder for what nobody needs afterwards, which goes, whatever happens; of a process that was
 * killed at the next one's start. Throws InfraError where there is no place for it.
 */
export async function withScratch<T>(name: string, work: (dir: string) => Promise<T>): Promise<T> {
  await (swept ??= sweep());
  const dir = await mkdtemp(join(tmpdir(), `${prefix}${name}-${self}-`)).catch((error: unknown) => {
    const { message } = error as Error;
    throw new InfraError(
      'temporary files',
      message,
      'point TMPDIR to a folder that can be written',
    );
  });
  try {
    return await work(dir);
  } finally {
    // What was killed may still be writing for a moment.
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

const sweep = (): Promise<void> => removeDeads(tmpdir(), (name) => name.startsWith(prefix));

/** Removes what killed processes of this user left half-written in a folder: see temporaryFor(). */
export const removeHalfWritten = (dir: string): Promise<void> =>
  removeDeads(dir, (name) => name.endsWith('.tmp'));

async function removeDeads(dir: string, isTheirs: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(dir).catch(() => [])) {
    const owner = isTheirs(name) ? ownerPattern.exec(name)?.[0] : undefined;
    if (owner === undefined) continue;
    const path = join(dir, name);
    const state = await lstat(path).catch(() => undefined);
    if (state === undefined || state.uid !== process.getuid?.()) continue;
    if (lives(owner, state.mtimeMs, unseen.folderMs)) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
