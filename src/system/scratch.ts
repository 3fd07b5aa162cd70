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

/** Removes what killed processes of this user left. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const owner = name.startsWith(prefix) ? ownerPattern.exec(name)?.[0] : undefined;
    if (owner === undefined) continue;
    const path = join(tmpdir(), name);
    const state = await lstat(path).catch(() => undefined);
    if (!state?.isDirectory() || state.uid !== process.getuid?.()) continue;
    if (lives(owner, state.mtimeMs, unseen.folderMs)) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
