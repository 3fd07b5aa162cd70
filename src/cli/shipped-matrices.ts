// SPDX-License-Identifier: MIT
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { nearestFileHint } from '../documents/nearest-file.js';
import { hintFor, nearest } from '../documents/nearest.js';
import { UsageError } from '../model/errors.js';
import { projectDir } from '../system/files.js';

/** A job matrix that comes with busyguest. */
export interface ShippedMatrix {
  /** What a user calls it: its file's name without the ending. */
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  /** The first sentence of its first comment. */
  readonly summary: string;
}

const endings = ['.yaml', '.job.ts'] as const;
const endingOf = (file: string): string | undefined => endings.find((one) => file.endsWith(one));
const isName = (word: string): boolean =>
  /^[a-z0-9][a-z0-9-]*$/.test(word) && endingOf(word) === undefined;

/** The job matrices that come with busyguest, by name. */
export async function shippedMatrices(): Promise<ShippedMatrix[]> {
  const folder = join(projectDir, 'jobs');
  const names = (await readdir(folder)).filter((name) => endingOf(name) !== undefined).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const text = await readFile(file, 'utf8');
      return { name: name.slice(0, -(endingOf(name) ?? '').length), file, summary: summary(text) };
    }),
  );
}

function summary(text: string): string {
  const comment = text
    .split('\n')
    .filter((line) => /^(?:#|\/\/) /.test(line) && !/SPDX-License|\$schema=/.test(line))
    .map((line) => line.replace(/^\S+ +/, ''))
    .join(' ');
  const end = comment.search(/\.(?: |$)/);
  return end < 0 ? comment : comment.slice(0, end);
}

/**
 * The path of a job matrix as the user named it: a file, or the name of one that comes with busyguest. A file of the
 * current folder comes first, and `say` tells so. Throws UsageError where there is neither.
 */
export async function findMatrix(word: string, say: (text: string) => void): Promise<string> {
  const isThere = await isFile(word);
  if (isThere && !isName(word)) return word;
  const shipped = await shippedMatrices();
  const found = shipped.find(({ name }) => name === word);
  for (const file of isName(word) ? [word, ...endings.map((end) => `${word}${end}`)] : []) {
    if (!(await isFile(file))) continue;
    if (found) say(`${file} of this folder is taken, not the "${word}" that comes with busyguest`);
    else if (file !== word) break;
    return file;
  }
  if (found) return found.file;
  throw new UsageError(await nothingThere(word, shipped));
}

async function nothingThere(word: string, shipped: readonly ShippedMatrix[]): Promise<string> {
  const none = `${word}: no such file`;
  if (isName(word)) {
    const names = shipped.map(({ name }) => name);
    const files = await readdir('.').catch((): string[] => []);
    const close = nearest(word, [...files, ...names]);
    const hint = close === undefined ? hintFor(word, names) : `did you mean "${close}"?`;
    return `${none}, and no job matrix of busyguest has this name; ${hint}`;
  }
  const near = await nearestFileHint(word);
  if (near !== undefined) return `${none}; ${near}`;
  const same = shipped.find(({ file }) => basename(file) === basename(word));
  if (same === undefined) return none;
  return `${none}; did you mean "${same.name}", which comes with busyguest (busyguest matrices)?`;
}

/** A file, or what is read like one; not a folder, which may well have the name of a matrix. */
const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => !stats.isDirectory(),
    (error: unknown) =>
      !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''),
  );
