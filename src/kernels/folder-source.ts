// SPDX-License-Identifier: MIT
import { basename, join } from 'node:path';
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
  if (!(await isFolder(path))) fail('no such folder', 'a kernel source tree is needed');
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

const findIn = async (path: string, type: string, format: string, signal: AbortSignal) => {
  const prune = ['(', '-name', '.git', '-prune', ')', '-o'];
  const find = ['find', '.', ...prune, '-type', type, '-printf', format];
  const { stdout } = await run(find, { stage: 'source', cwd: path, signal });
  return stdout.split('\n').filter(Boolean).sort();
};

// Names, sizes and times of all files stand for the content: reading 1.5 GB would take longer than it saves.
async function stateOf(path: string, signal: AbortSignal) {
  const files = await findIn(path, 'f', '%P %s %T@\\n', signal);
  return { files, state: digest(path, files.join('\n')).slice(0, 16) };
}

/** Where what a folder held in a state is kept, so that its next state can be compared. */
const listingOf = (id: string): string => cacheDir('known', `${id}.listing`);

async function keepListing(path: string, id: string, files: string[], signal: AbortSignal) {
  const links = await findIn(path, 'l', '%P -> %l\\n', signal);
  await writeWhole(listingOf(id), [...files, ...links].join('\n'));
}

/** What differs by name, size and time. */
async function changesOf(before: string, after: string): Promise<Changes | undefined> {
  const [old, now] = await Promise.all([before, after].map((id) => readIfThere(listingOf(id))));
  if (old === undefined || now === undefined) return undefined;
  const [was, is] = [new Set(old.split('\n')), new Set(now.split('\n'))];
  const nameOf = (line: string): string => /^(.*?)(?: -> .*| \d+ \d+\.\d+)$/.exec(line)?.[1] ?? '';
  const gone = [...was].filter((line) => !is.has(line)).map(nameOf);
  const come = [...is].filter((line) => !was.has(line)).map(nameOf);
  const known = new Set(gone);
  return {
    paths: [...new Set([...gone, ...come])],
    added: come.filter((name) => !known.has(name)),
  };
}

/** What an in-tree build left behind would make `make O=` refuse the tree. */
const leftovers = [
  '.git',
  '.config',
  'include/config',
  'include/generated',
  'arch/powerpc/include/generated',
];
const isLeftover = (path: string): boolean =>
  leftovers.some((left) => path === left || path.startsWith(`${left}/`));

async function pinFolder(path: string, signal: AbortSignal): Promise<PinnedSource> {
  const { state, files } = await stateOf(path, signal);
  const id = `folder-${state}`;
  const assertUnchanged = async (again: AbortSignal): Promise<void> => {
    if ((await stateOf(path, again)).state === state) return;
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
      await run(['rm', '-rf', ...leftovers], { stage: 'build', cwd: dir, signal: copySignal });
      await keepListing(path, id, files, copySignal);
    },
    copyFiles: (paths, dir, copySignal) =>
      copyFiles(
        path,
        paths.filter((one) => !isLeftover(one)),
        dir,
        copySignal,
      ),
    async changedSince(other, diffSignal) {
      if (!isFileName(other)) return undefined;
      await keepListing(path, id, files, diffSignal);
      return changesOf(other, id);
    },
    origin: `folder ${path}`,
  };
}
