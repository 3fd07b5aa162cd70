// SPDX-License-Identifier: MIT
import { cp, mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { InfraError } from '../model/errors.js';
import { copyByRsync, isRemote } from '../system/rsync.js';

/**
 * Copies a run and the pages of all runs to where a web server shows them. What is there otherwise stays.
 * Throws InfraError.
 * @param target a folder, or HOST:DIR for rsync over ssh
 */
export async function publishResults(
  results: string,
  runDir: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const parts = [basename(runDir), 'index.html'];
  if (isRemote(target)) {
    // Relative to the results folder: their names are those below the target.
    await copyByRsync(parts, target, ['--links', '--times'], signal, results);
    return;
  }
  const dir = resolve(target);
  if (dir === resolve(results)) return;
  try {
    await mkdir(dir, { recursive: true });
    for (const part of parts) {
      signal.throwIfAborted();
      await cp(join(results, part), join(dir, part), { recursive: true, verbatimSymlinks: true });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new InfraError('publish', `${dir}: ${(error as Error).message}`, 'see --publish');
  }
}
