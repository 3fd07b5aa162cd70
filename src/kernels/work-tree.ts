// SPDX-License-Identifier: MIT
import { lutimes, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError, JobError } from '../model/errors.js';
import { folderForCages, use } from '../system/cache.js';
import { cacheDir, digest, readIfThere } from '../system/files.js';
import { livingOwner, withLock } from '../system/lock.js';
import { run } from '../system/processes.js';
import { changesOfListings, listFiles, listingOf, listingText, type Listing } from './listing.js';
import { readerOf, type Changes, type PinnedSource } from './pinned-source.js';
import { rejectError, touchedFiles, trySeries, type Patch } from './series.js';
import { linkAbove, writeTreeFiles, type TreeFile } from './tree-file.js';

/** With more changes than this a new copy is hardly dearer, and both states stay. */
const mostChanges = 20_000;

/** A private copy of a kernel source in which kernels are built, one at a time. */
export interface WorkTree {
  /** The source. */
  readonly tree: string;
  /** make's O=, below it, so that paths in what is built are relative; not there between builds. */
  readonly obj: string;
  /** Where its state is written down. */
  readonly dir: string;
}

/** What a work tree was brought to. */
export interface TreeState {
  /** Id of the source. */
  readonly source: string;
  /** Digest of each file that patches have changed; '' for one that they took away. */
  readonly files: Readonly<Record<string, string>>;
}

/** Digest of a file as TreeState has it. */
export const fileDigest = (file: TreeFile | undefined): string =>
  file === undefined ? '' : digest(file.mode, file.content);

/** Does `work` in a work tree that no other process uses: one that holds the source, or is near, or a new one. */
export async function withWorkTree<T>(
  source: PinnedSource,
  signal: AbortSignal,
  work: (tree: WorkTree) => Promise<T>,
): Promise<T> {
  assertMakeTakes(cacheDir('trees'));
  const name = await chooseTree(source, signal);
  const dir = join(await folderForCages('trees'), name);
  return withLock(
    `${dir}.lock`,
    signal,
    () => undefined,
    async () => {
      await mkdir(dir, { recursive: true });
      await use(dir);
      const tree = join(dir, 'linux');
      const obj = join(tree, 'obj');
      try {
        // What a killed build left.
        await rm(obj, { recursive: true, force: true });
        return await work({ dir, tree, obj });
      } finally {
        // The next build does it, where a person waits for the end of this one.
        if (!signal.aborted)
          await rm(obj, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      }
    },
  );
}

/** What the kernel's Makefile refuses in a path, or make, or a shell, takes for something else. */
const notForMake = /[\s:#$%&'"\\;*?<>|`()[\]{}!~]/;

/** Throws InfraError for a path in which no kernel can be built: it would say that the kernel is wrong. */
function assertMakeTakes(path: string): void {
  const [found] = notForMake.exec(path) ?? [];
  if (found === undefined) return;
  throw new InfraError(
    'cache',
    `kernels cannot be built in ${path}: make does not take "${found}" in a path`,
    'point BUSYGUEST_CACHE to a folder without it',
  );
}

async function chooseTree(source: PinnedSource, signal: AbortSignal): Promise<string> {
  const names = (await readdir(cacheDir('trees')).catch(() => [])).filter((n) => /^\d+$/.test(n));
  const free: { name: string; source: string; usedMs: number }[] = [];
  for (const name of names) {
    const dir = cacheDir('trees', name);
    if ((await livingOwner(`${dir}.lock`)) !== undefined) continue;
    const state = await readState(dir);
    const found = await stat(dir).catch(() => undefined);
    // What was killed while the source was copied is made anew.
    if (found) free.push({ name, source: state?.source ?? source.id, usedMs: found.mtimeMs });
  }
  free.sort((a, b) => b.usedMs - a.usedMs);
  const same = free.find((one) => one.source === source.id);
  if (same) return same.name;
  for (const one of free) {
    const changes = await changesSince(source, one.source, signal);
    if (changes && changes.paths.length <= mostChanges) return one.name;
  }
  let next = 0;
  while (names.includes(String(next))) next++;
  return String(next);
}

/** What differs between two states of sources; undefined where nobody can tell. */
export async function changesSince(
  source: PinnedSource,
  id: string,
  signal: AbortSignal,
): Promise<Changes | undefined> {
  if (id === source.id) return { paths: [], added: [] };
  return source.changedSince?.(id, signal);
}

const stateFile = (dir: string): string => join(dir, 'state.json');
const listingFile = (dir: string): string => join(dir, 'listing');

async function readState(dir: string): Promise<TreeState | undefined> {
  const text = await readIfThere(stateFile(dir));
  return text === undefined ? undefined : (JSON.parse(text) as TreeState);
}

/** Names and stat data of all files except those of the build. Writing to a file or replacing it changes its entry. */
function listing(tree: string, signal: AbortSignal): Promise<Listing> {
  const which = ['-path', './obj', '-prune', '-o', '!', '-type', 'd'];
  return listFiles(tree, which, '%y %m %s %T@ %C@ %i', { stage: 'build', signal });
}

/**
 * Brings a work tree to a source with patches, by content: only what differs is written. What anybody else has
 * written there since the last time differs too. Throws JobError, InfraError.
 */
export async function bringTree(
  work: WorkTree,
  kernel: string,
  source: PinnedSource,
  patches: readonly Patch[],
  signal: AbortSignal,
): Promise<TreeState> {
  const { dir, tree } = work;
  const before = await readState(dir);
  // A state that is half reached has no name.
  await rm(stateFile(dir), { force: true });
  const changes = before && (await changesSince(source, before.source, signal));
  const touched = await touchedFiles(patches, signal);
  if (before === undefined || changes === undefined) {
    await rm(tree, { recursive: true, force: true });
    await mkdir(tree, { recursive: true });
    await source.copyTo(tree, signal);
  } else {
    const odd = await changedBehindUs(work, signal);
    const stale = [...odd, ...changes.paths, ...Object.keys(before.files)];
    await replaceFiles(tree, stale, source, signal);
    for (const path of touched) await assertNoLinkAbove(tree, path);
    await replaceFiles(tree, touched, source, signal);
    await source.assertUnchanged?.(signal);
  }
  for (const path of touched) await assertNoLinkAbove(tree, path);
  return { source: source.id, files: await patchTree(tree, kernel, patches, signal) };
}

async function replaceFiles(
  tree: string,
  paths: readonly string[],
  source: PinnedSource,
  signal: AbortSignal,
): Promise<void> {
  // A link goes before what seems to lie behind it.
  const sorted = [...new Set(paths)].sort();
  for (const path of sorted) {
    await assertNoLinkAbove(tree, path);
    await rm(join(tree, path), { recursive: true, force: true });
  }
  await source.copyFiles(sorted, tree, signal);
}

/** Files that are not as they were when the state was written down; none of them can be told to hold what it should. */
async function changedBehindUs(
  { dir, tree }: WorkTree,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const was = listingOf(await readFile(listingFile(dir), 'utf8'));
  return changesOfListings(was, await listing(tree, signal)).paths;
}

/** Throws JobError where a link stands in the path of a file, so that it could lie outside the tree. */
async function assertNoLinkAbove(tree: string, path: string): Promise<void> {
  const above = await linkAbove(tree, path);
  if (above === undefined) return;
  throw new JobError([{ message: `${path}: leads through a symbolic link, ${above}` }]);
}

async function patchTree(
  tree: string,
  kernel: string,
  patches: readonly Patch[],
  signal: AbortSignal,
): Promise<Record<string, string>> {
  // The copy's files, not the source's: those may have been edited since.
  const result = await trySeries({ readFile: readerOf(tree) }, patches, signal);
  if (!result.applies) throw rejectError(kernel, result);
  await writeTreeFiles(tree, result.files);
  return Object.fromEntries([...result.files].map(([path, file]) => [path, fileDigest(file)]));
}

/** Dates what is `changed` a second after `seconds`, the rest of the tree not after it; then writes the state down. */
export async function dateTree(
  work: WorkTree,
  state: TreeState,
  seconds: number,
  changed: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { dir, tree } = work;
  const late = ['-newermt', `@${seconds}`, '-exec', 'touch', '-h', '-d', `@${seconds}`, '{}', '+'];
  const argv = ['find', '.', '-path', './obj', '-prune', '-o', '!', '-type', 'd', ...late];
  await run(argv, { stage: 'build', cwd: tree, signal });
  for (const path of changed) {
    await lutimes(join(tree, path), seconds + 1, seconds + 1).catch((error: unknown) => {
      if (!/ENOENT|ENOTDIR/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    });
  }
  await writeFile(listingFile(dir), listingText(await listing(tree, signal)));
  await writeFile(stateFile(dir), JSON.stringify(state));
}
