// SPDX-License-Identifier: MIT
import { basename, join } from 'node:path';
import { architectures } from '../architectures/architectures.js';
import { nearestFileHint } from '../documents/nearest-file.js';
import { InfraError, JobError } from '../model/errors.js';
import {
  cacheDir,
  digest,
  exists,
  isFileName,
  isFolder,
  readIfThere,
  writeWhole,
} from '../system/files.js';
import { run } from '../system/processes.js';
import { git } from './git.js';
import { gitSource } from './git-source.js';
import {
  kernelMarks,
  readerOf,
  type Changes,
  type KernelSource,
  type PinnedSource,
} from './pinned-source.js';
import { changesOfListings, listFiles, listingOf, listingText, type Listing } from './listing.js';
import { removeFromTree } from './tree-file.js';
import { copyFiles } from './tree-files.js';

/**
 * A kernel tree of the user's: a git work tree (its HEAD is taken, uncommitted changes with it) or
 * an unpacked tarball. It is read, never written to.
 */
export function folderSource(path: string): KernelSource {
  return {
    kind: 'folder',
    check: () => checkTree(path),
    async pin(signal, say) {
      await checkTree(path);
      if ((await exists(join(path, '.git'))) && !(await isDirty(path, signal))) {
        return gitSource(path, 'HEAD').pin(signal, say);
      }
      say(`reading ${path}`);
      return pinFolder(path, signal);
    },
  };
}

async function checkTree(path: string): Promise<void> {
  const fail = (message: string, hint: string): never => {
    throw new JobError([{ message: `${path}: ${message}`, hint }]);
  };
  if (!(await isFolder(path))) {
    fail('no such folder', (await nearestFileHint(path)) ?? 'a kernel source tree is needed');
  }
  const missing: string[] = [];
  for (const [mark, what] of Object.entries(kernelMarks)) {
    if (!(await exists(join(path, mark)))) missing.push(`${mark} (${what})`);
  }
  if (missing.length === 0) return;
  const message = `${path}: not a kernel tree: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
  throw new JobError([{ message }]);
}

async function isDirty(path: string, signal: AbortSignal): Promise<boolean> {
  const { stdout } = await git(path, ['status', '--porcelain', '-uno'], {
    stage: 'source',
    signal,
  });
  return stdout.trim() !== '';
}

// Sizes and times stand for the content: reading 1.5 GB would take longer than it saves. The time of the last change
// (ctime) is among them, for nobody can set it.
async function listingIn(path: string, signal: AbortSignal): Promise<Listing> {
  const prune = ['(', '-name', '.git', '-prune', ')', '-o'];
  const wanted = ['(', '-type', 'f', '-o', '-type', 'l', ')'];
  const found = await listFiles(path, [...prune, ...wanted], '%s %T@ %C@ %l', {
    stage: 'source',
    signal,
  });
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where what a folder held in a state is kept, so that its next state can be compared. */
const listingFile = (id: string): string => cacheDir('known', `${id}.files`);

/** What differs by size, times and target. */
async function changesOf(before: string, is: Listing): Promise<Changes | undefined> {
  const text = await readIfThere(listingFile(before));
  return text === undefined ? undefined : changesOfListings(listingOf(text), is);
}

/** What an in-tree build left behind would make `make O=` refuse the tree. */
const leftovers = [
  '.git',
  '.config',
  'include/config',
  'include/generated',
  ...architectures.map(({ name }) => `arch/${name}/include/generated`),
];
const isLeftover = (path: string): boolean =>
  leftovers.some((left) => path === left || path.startsWith(`${left}/`));

async function pinFolder(path: string, signal: AbortSignal): Promise<PinnedSource> {
  const listing = await listingIn(path, signal);
  const state = digest(path, listingText(listing)).slice(0, 16);
  const keepListing = (): Promise<void> => writeWhole(listingFile(id), listingText(listing));
  const id = `folder-${state}`;
  const assertUnchanged = async (again: AbortSignal): Promise<void> => {
    if (listingText(await listingIn(path, again)) === listingText(listing)) return;
    const todo =
      'run again, and edit when all kernels are built, or commit and name the commit (PATH#REF)';
    throw new InfraError('source', `${path} was changed while it was read`, todo);
  };
  return {
    id,
    label: `${basename(path)} (folder, state ${state})`,
    readFile: readerOf(path),
    assertUnchanged,
    async copyTo(dir, copySignal) {
      const copy = ['cp', '-a', '--reflink=auto', `${path}/.`, dir];
      await run(copy, { stage: 'build', signal: copySignal });
      // What was edited since it was pinned would be built under the name of what was there before.
      await assertUnchanged(copySignal);
      for (const left of leftovers) await removeFromTree(dir, left);
      await keepListing();
    },
    copyFiles: (paths, dir, copySignal) =>
      copyFiles(
        path,
        paths.filter((one) => !isLeftover(one)),
        dir,
        copySignal,
      ),
    async changedSince(other) {
      if (!isFileName(other)) return undefined;
      await keepListing();
      return changesOf(other, listing);
    },
    origin: `folder ${path}`,
  };
}
