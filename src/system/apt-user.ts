// SPDX-License-Identifier: MIT
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InfraError } from '../model/errors.js';
import { digestFile, temporaryFor } from './files.js';
import { run } from './processes.js';
import { withScratch } from './scratch.js';

/** Whether every user may go to a folder. */
export async function isOpen(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if ((mode & 0o001) === 0) return false;
  return path === dirname(path) || isOpen(dirname(path));
}

/**
 * Does `work` where apt's own user can fetch, who does that for root: in `dir`, or where only its owner may go to it, as
 * to our cache, in a folder that goes afterwards. Where there is no such place either, apt is root.
 */
export async function whereAptFetches<T>(
  dir: string,
  work: (place: string) => Promise<T>,
): Promise<T> {
  if (process.getuid?.() !== 0 || (await isOpen(dir))) return work(dir);
  return withScratch('apt', async (scratch) => {
    await chmod(scratch, 0o755);
    if (!(await isOpen(scratch))) return work(dir);
    const place = join(scratch, 'place');
    await mkdir(place);
    // Only what apt itself makes there is its user's elsewhere; a download goes where it is told.
    await run(['chown', '_apt', place], { stage: 'fetch', okCodes: [0, 1] });
    return work(place);
  });
}

/**
 * Moves a file that apt has fetched and checked into a folder of ours. Throws InfraError where it is not what apt's
 * lists say: until then it was its user's.
 */
export async function takeFetched(
  file: string,
  dir: string,
  sha256: string | undefined,
): Promise<string> {
  const path = join(dir, basename(file));
  const temporary = temporaryFor(path);
  try {
    await run(['cp', '--', file, temporary], { stage: 'fetch' });
    if (sha256 !== undefined && (await digestFile(temporary)) !== sha256) {
      throw new InfraError('fetch', `${basename(file)} is not the file that the lists name`);
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return path;
}
