// SPDX-License-Identifier: MIT
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheKinds, cacheMarks } from './cache-kinds.js';
import { assertEntryIsOurs } from './cache-trust.js';
import { cacheDir, exists, readIfThere, temporaryFor, writeWhole } from './files.js';
import { dropDeadLock, livingOwner, withLock } from './lock.js';
import { lives, ownerPattern, self, unseen } from './owner.js';
import { run } from './processes.js';

/** Something in the cache. */
export interface CacheEntry {
  readonly kind: string;
  readonly path: string;
  readonly bytes: number;
  /** When a process last used it. */
  readonly usedMs: number;
}

/** One file a process that uses the cache; its time says since when. */
const users = (): string => cacheDir('in-use');
/** Held while an entry is taken away, and by nobody for longer. */
const gate = (): string => cacheDir('trim-entry.lock');
let registered: string | undefined;

function register(): void {
  const file = join(users(), self);
  if (registered === file) return;
  registered = file;
  try {
    mkdirSync(users(), { recursive: true });
    const now = new Date();
    writeFileSync(file, '');
    // By the clock that entries are dated by: the file system's is finer, and what is used at once would be older.
    utimesSync(file, now, now);
  } catch {
    // A cache that cannot be written is not trimmed either.
    return;
  }
  process.on('exit', () => rmSync(file, { force: true }));
}

/**
 * Whether an entry of the cache is there. If it is, it counts as used now, and stays until this process ends: trim()
 * leaves what was used since the oldest living process began. Throws InfraError for another user's.
 */
export async function use(path: string): Promise<boolean> {
  register();
  const there = (await touch(path)) && (await isKept(path));
  if (there) assertEntryIsOurs(path);
  grows ||= !there;
  return there;
}

/**
 * A folder of the cache for what strangers' code writes. No other user gets there, for a program that is left in it may
 * run as its owner (set-user-ID). Throws what mkdir() does.
 */
export async function folderForCages(kind: 'trees' | 'objects' | 'selftests'): Promise<string> {
  const dir = cacheDir(kind);
  await mkdir(dir, { recursive: true });
  if (((await stat(dir)).mode & 0o077) !== 0) await chmod(dir, 0o700);
  return dir;
}

/** Whether this process missed something in the cache, and so has most likely put something in. */
export const cacheGrew = (): boolean => grows;
let grows = false;

async function isKept(path: string): Promise<boolean> {
  while ((await livingOwner(gate())) !== undefined) await sleep(20);
  // What was taken away before the gate was seen is gone; what is here now was touched in time.
  return touch(path);
}

async function touch(path: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(path, now, now);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    // Of another user, or read-only.
    if (code === 'EPERM' || code === 'EACCES' || code === 'EROFS') return exists(path);
    throw error;
  }
}

/** Every entry of the cache with its size and last use. */
export async function cacheEntries(signal?: AbortSignal): Promise<CacheEntry[]> {
  const known = await readSizes();
  const found: { kind: string; path: string; usedMs: number }[] = [];
  for (const [kind, { trimsItself }] of Object.entries(cacheKinds)) {
    const names = trimsItself ? [''] : await readdir(cacheDir(kind)).catch(() => []);
    for (const name of names.filter((one) => !/\.(?:lock|tmp)$/.test(one))) {
      const path = join(cacheDir(kind), name);
      const state = await stat(path).catch(() => undefined);
      if (state) found.push({ kind, path, usedMs: state.mtimeMs });
    }
  }
  const isKnown = (kind: string, path: string): boolean =>
    !cacheKinds[kind]?.grows && known.has(nameOf(path));
  const unknown = found.filter(({ kind, path }) => !isKnown(kind, path)).map(({ path }) => path);
  const measured = await diskUsage(unknown, signal);
  const entries = found.map((entry) => ({
    ...entry,
    bytes: measured.get(entry.path) ?? known.get(nameOf(entry.path)) ?? 0,
  }));
  if (measured.size > 0) await keepSizes(entries);
  return entries;
}

/** Names in the cache that this version knows nothing of, so that it neither measures nor removes them. */
export async function unknownInCache(): Promise<string[]> {
  const names = await readdir(cacheDir()).catch(() => []);
  const isKnown = (name: string): boolean => name in cacheKinds || cacheMarks.includes(name);
  return names.filter((name) => !isKnown(name) && !/\.tmp$/.test(name)).sort();
}

const nameOf = (path: string): string => relative(cacheDir(), path);

// A source has eighty thousand files: counting them takes longer than a run that changes nothing.
const sizesFile = (): string => cacheDir('sizes.json');

async function readSizes(): Promise<Map<string, number>> {
  try {
    const text = (await readIfThere(sizesFile())) ?? '{}';
    return new Map(Object.entries(JSON.parse(text) as Record<string, number>));
  } catch {
    return new Map();
  }
}

async function keepSizes(entries: readonly CacheEntry[]): Promise<void> {
  const sizes = entries
    .filter(({ kind }) => !cacheKinds[kind]?.grows)
    .map(({ path, bytes }) => [nameOf(path), bytes] as const);
  await writeWhole(sizesFile(), JSON.stringify(Object.fromEntries(sizes)));
}

async function diskUsage(paths: readonly string[], signal?: AbortSignal) {
  const sizes = new Map<string, number>();
  // As many as a command line can hold. du reports an error for what has just vanished; that is fine.
  for (let at = 0; at < paths.length; at += 500) {
    const argv = ['du', '-s', '-B1', ...paths.slice(at, at + 500)];
    const { stdout } = await run(argv, { stage: 'cache', okCodes: [0, 1], signal });
    for (const line of stdout.trim().split('\n')) {
      const [bytes = '0', path = ''] = line.split('\t');
      sizes.set(path, Number(bytes));
    }
  }
  return sizes;
}

/**
 * Removes what was not used for longest until at most `limitBytes` are left, and what killed processes left half done.
 * Nothing that a living process has used since it began, so that more may be left. One process at a time; gives
 * what was removed, or undefined where another is at it.
 */
export async function trim(
  limitBytes: number,
  signal: AbortSignal,
): Promise<readonly CacheEntry[] | undefined> {
  const lock = cacheDir('trim.lock');
  if ((await livingOwner(lock)) !== undefined) return undefined;
  return withLock(
    lock,
    signal,
    () => {},
    async () => {
      await removeLeftovers();
      const entries = await cacheEntries(signal);
      let total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
      const since = await oldestUser();
      const removed: CacheEntry[] = [];
      for (const entry of [...entries].sort(leastNeededFirst)) {
        if (total <= limitBytes || signal.aborted) break;
        if (cacheKinds[entry.kind]?.trimsItself || !(await takeAway(entry.path, since, signal)))
          continue;
        total -= entry.bytes;
        removed.push(entry);
      }
      return removed;
    },
  );
}

const leastNeededFirst = (a: CacheEntry, b: CacheEntry): number =>
  Number(isFirst(b)) - Number(isFirst(a)) || a.usedMs - b.usedMs;

const isFirst = ({ kind }: CacheEntry): boolean => cacheKinds[kind]?.first === true;

/** Removes an entry that was last used before a time; false when it was not. */
async function takeAway(path: string, sinceMs: number, signal: AbortSignal): Promise<boolean> {
  const aside = temporaryFor(join(dirname(path), `.${basename(path)}`));
  const taken = await withLock(
    gate(),
    signal,
    () => {},
    async () => {
      const state = await stat(path).catch(() => undefined);
      if (state === undefined || state.mtimeMs >= sinceMs) return false;
      await rename(path, aside);
      return true;
    },
  );
  if (taken) await rm(aside, { recursive: true, force: true });
  return taken;
}

/** Since when there has been a living process that uses the cache, milliseconds; now when there is none. */
async function oldestUser(): Promise<number> {
  let oldest = Date.now();
  for (const name of await readdir(users()).catch(() => [])) {
    const file = join(users(), name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: oldest }));
    if (lives(name, mtimeMs, unseen.folderMs)) oldest = Math.min(oldest, mtimeMs);
    else await rm(file, { force: true });
  }
  return oldest;
}

// What has a temporary name is being made by a process.
async function removeLeftovers(): Promise<void> {
  for (const kind of [...Object.keys(cacheKinds), 'machines']) {
    for (const name of await readdir(cacheDir(kind)).catch(() => [])) {
      const path = cacheDir(kind, name);
      if (name.endsWith('.lock')) await dropDeadLock(path);
      if (name.endsWith('.tmp') && !(await isInTheMaking(path)))
        await rm(path, { recursive: true, force: true });
    }
  }
}

async function isInTheMaking(path: string): Promise<boolean> {
  const owner = ownerPattern.exec(basename(path))?.[0] ?? '';
  // A run has ended before the cache is trimmed.
  if (owner === self) return false;
  const state = await stat(path).catch(() => undefined);
  return state !== undefined && lives(owner, state.mtimeMs, unseen.folderMs);
}
