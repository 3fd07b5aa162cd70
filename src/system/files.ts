// SPDX-License-Identifier: MIT
import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, copyFile, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InterruptedError } from '../model/errors.js';
import { assertCacheIsOurs } from './cache-trust.js';
import { openInput, readInputIfThere } from './input.js';
import { self } from './owner.js';

/** The folder of the project: of its job matrices, patches and C sources (this file is dist/src/system/files.js). */
export const projectDir = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/**
 * Where everything that can be made again is kept: $BUSYGUEST_CACHE, or the user's cache folder. Throws InfraError
 * where another user could have put something there.
 */
export function cacheDir(...parts: string[]): string {
  const asked = process.env['BUSYGUEST_CACHE'];
  const root = asked ? resolve(asked) : join(userCache(), 'busyguest');
  assertCacheIsOurs(root);
  return join(root, ...parts);
}

/** As the XDG base directories have it: what is no absolute path does not count, an empty HOME neither. */
function userCache(): string {
  const xdg = process.env['XDG_CACHE_HOME'] ?? '';
  return isAbsolute(xdg) ? xdg : join(userHome(), '.cache');
}

/** Whether a path is one of a file in the cache. */
export const isInCache = (path: string): boolean => resolve(path).startsWith(`${cacheDir()}/`);

/** The user's folder: HOME, or what the system knows where that is empty. */
export function userHome(): string {
  const home = homedir();
  return isAbsolute(home) ? home : userInfo().homedir;
}

/** Whether a file or folder is there. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** More than any file of ours has that is read as a whole, bytes. */
const mostTextBytes = 512 * 1024 ** 2;

/** The text of a file, or undefined when it is not there. Throws JobError for what is no file, or has no end. */
export const readIfThere = (path: string): Promise<string | undefined> =>
  readInputIfThere(path, mostTextBytes);

let temporaries = 0;

/** A name beside `path` for what is not whole yet; no other process and no other job of ours takes it. */
export const temporaryFor = (path: string): string => `${path}.${self}.${temporaries++}.tmp`;

/** Writes a file so that a reader sees the old one or the new one, never half of it. Makes its folder. */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, data);
}

/**
 * The same in a folder that must be there.
 * @param flush waits until the disk has it, so that a full disk, or power that is lost, leaves the old one
 */
export async function replaceFile(
  path: string,
  data: string | Uint8Array,
  { flush = false }: { readonly flush?: boolean } = {},
): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(data);
      if (flush) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Copies a file to a new one, whatever stood there: never through a link to another one. */
export async function copyAnew(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await copyFile(from, to, constants.COPYFILE_EXCL);
}

/**
 * Does `work` with a new folder beside `path`, on the same disk. The folder goes, whatever happens; in the cache, not at
 * once when the user interrupts it: to remove a source takes longer than a person waits, and trim() will.
 */
export async function withTemporary<T>(
  path: string,
  work: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = temporaryFor(path);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const remove = (): Promise<void> =>
    // What was killed may still be writing for a moment.
    rm(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  try {
    const result = await work(temporary);
    await remove();
    return result;
  } catch (error) {
    if (!(error instanceof InterruptedError && isInCache(path))) await remove();
    throw error;
  }
}

/**
 * Makes a folder by `fill` and moves it to `path` when it is complete; nothing is left when
 * `fill` fails. Where `path` is there already, another process was faster: its folder stays.
 */
export async function makeFolderWhole(
  path: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  await withTemporary(path, async (temporary) => {
    await fill(temporary);
    // Archives set times of their own; the cache needs the time at which the entry was made.
    const now = new Date();
    await utimes(temporary, now, now);
    await rename(temporary, path).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    });
  });
}

/** SHA-256 over texts, each with its length so that their borders count. Hex. */
export function digest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

/** SHA-256 of a file's content, hex. Throws JobError for a pipe or a device, which have no end, and what open() throws. */
export async function digestFile(path: string): Promise<string> {
  const hash: Hash = createHash('sha256');
  await using file = await openInput(path);
  const stream = createReadStream(path, { fd: file, autoClose: false });
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Regular files of a folder, sorted by name, absolute. */
export async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(dir, entry.name))
    .sort();
}

/** Whether a name from elsewhere can only be that of a file or folder in the folder that it is looked for in. */
export const isFileName = (name: unknown): name is string =>
  typeof name === 'string' && !['', '.', '..'].includes(name) && !/[/\\\0]/.test(name);

/** Whether the path is a folder. False when nothing is there. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
}

/** The end of a file, at most `maxBytes`, and how many bytes stand before it; undefined when it is not there. */
export async function readEnd(
  path: string,
  maxBytes: number,
): Promise<{ text: string; skipped: number } | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    // A pipe or a device has no end, and is not waited for; reading a folder is an error.
    if (!stats.isFile() && !stats.isDirectory()) return undefined;
    const { size } = stats;
    const skipped = Math.max(0, size - maxBytes);
    const bytes = Buffer.alloc(size - skipped);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, skipped);
    return { text: bytes.subarray(0, bytesRead).toString(), skipped };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
