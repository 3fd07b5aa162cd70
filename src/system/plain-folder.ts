// SPDX-License-Identifier: MIT
import { readdir, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '../model/errors.js';
import { isFileName } from './files.js';

/** More than a run of 10,000 jobs has. */
const mostFiles = 500_000;

/**
 * Checks a folder that anybody may have made, before we write to it. Throws JobError if it holds a link that leads out of
 * the link's own folder, a pipe or a device: what we write would go elsewhere, or wait.
 */
export async function assertPlain(dir: string): Promise<void> {
  let left = mostFiles;
  const refused = (path: string, why: string): JobError =>
    new JobError([{ message: `${path}: refused: ${why}` }]);
  const look = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (--left < 0) throw refused(dir, `it has more than ${mostFiles} files`);
      if (entry.isDirectory()) await look(path);
      else if (entry.isSymbolicLink()) {
        const target = await readlink(path);
        if (!isFileName(target)) throw refused(path, 'it is a link that leads elsewhere');
      } else if (!entry.isFile()) throw refused(path, 'it is neither a file nor a folder');
    }
  };
  await look(dir);
}

/**
 * The path of a file in a folder of anybody that is read; undefined where it is not there or a link is on the way: what
 * a link leads to may be ours, and would stand in reports.
 */
export async function plainPath(
  dir: string,
  ...names: readonly string[]
): Promise<string | undefined> {
  try {
    const path = join(await realpath(dir), ...names);
    return (await realpath(path)) === path ? path : undefined;
  } catch {
    return undefined;
  }
}
