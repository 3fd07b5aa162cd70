// SPDX-License-Identifier: MIT
import { stat, utimes } from 'node:fs/promises';
import { resolve } from 'node:path';
import { cacheDir, digest, digestFile, readIfThere, writeWhole } from './files.js';

/** What was found by reading files. */
export interface Finding<T> {
  /** Something that JSON can hold. */
  readonly value: T;
  /** The same files will give it again, whatever else changes. */
  readonly stays: boolean;
}

// Linux takes a file's times from its last tick, FAT in steps of two seconds: a change within one does not show.
const stepMs = 2000;

/**
 * What `find` finds out by reading files, from the cache where they are what they were: QEMU, packages and tarballs
 * have up to hundreds of megabytes, which every run would read again. Throws what stat() and `find` throw.
 * @param what tells apart what is found out of the same files
 */
export async function fileFacts<T>(
  what: string,
  files: readonly string[],
  find: () => Promise<Finding<T>>,
): Promise<T> {
  const began = Date.now();
  const seen = await Promise.all(files.map(look));
  const states = seen.map(({ state }) => state);
  const record = cacheDir('known', `${digest(what, ...states).slice(0, 24)}.json`);
  const known = await recall(record);
  if (known) return known.value as T;
  const { value, stays } = await find();
  const old = seen.every(({ ctimeMs }) => ctimeMs < began - stepMs);
  // A cache that cannot be written only costs time.
  if (stays && old) await writeWhole(record, JSON.stringify({ value })).catch(() => {});
  return value;
}

/** SHA-256 of a file's content, hex; read only where the file is not known. Throws what reading it does. */
export function cachedDigest(path: string): Promise<string> {
  return fileFacts('sha256', [path], async () => ({ value: await digestFile(path), stays: true }));
}

/** A file's path, size, times and inode: another text when there is another content. Throws what stat() does. */
export async function stateOf(path: string): Promise<string> {
  return (await look(path)).state;
}

async function look(path: string): Promise<{ readonly state: string; readonly ctimeMs: number }> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path);
  return { state: `${resolve(path)} ${size} ${mtimeMs} ${ctimeMs} ${ino}`, ctimeMs };
}

async function recall(record: string): Promise<{ readonly value: unknown } | undefined> {
  try {
    const text = await readIfThere(record);
    if (text === undefined) return undefined;
    // The cache is trimmed by what was used last.
    const now = new Date();
    await utimes(record, now, now).catch(() => {});
    return JSON.parse(text) as { readonly value: unknown };
  } catch {
    return undefined;
  }
}
