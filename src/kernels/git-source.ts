// SPDX-License-Identifier: MIT
import { lstatSync, readFileSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { JobError } from '../model/errors.js';
import { run } from '../system/processes.js';
import { git, programOfObjects } from './git.js';
import { changesOfListings } from './listing.js';
import {
  notItsName,
  ObjectTree,
  objectId,
  readObjects,
  treeOfCommit,
  type TreeEntry,
} from './git-objects.js';
import { noCommitError } from './git-ref.js';
import { kvmMark, type Changes, type KernelSource, type PinnedSource } from './pinned-source.js';
import { branchOf, gitFacts, type NamedCommit } from './source-facts.js';
import type { TreeFile } from './tree-file.js';

/**
 * A commit of a local repository (`ref`: branch, tag, commit). Only objects are read: work tree,
 * index and refs of the user stay as they are.
 */
export function gitSource(repository: string, ref: string): KernelSource {
  return {
    kind: 'git',
    async check(signal) {
      await commitNamed(repository, ref, signal);
    },
    async pin(signal) {
      const commit = await commitNamed(repository, ref, signal);
      const name = `${basename(repository)} ${ref}`;
      const names = await namesOf(repository, ref, commit, signal);
      return pinCommit(repository, { commit, ...names }, name, signal);
    },
  };
}

/** What the repository itself says of a commit; what it does not know is left out. */
async function namesOf(
  repository: string,
  ref: string,
  commit: string,
  signal: AbortSignal,
): Promise<Omit<NamedCommit, 'commit'>> {
  const ask = async (...args: readonly string[]): Promise<string> =>
    (await git(repository, args, { stage: 'source', signal, okCodes: [0, 1, 128] })).stdout.trim();
  const [url, full, described] = await Promise.all([
    ask('config', '--get', 'remote.origin.url'),
    ask('rev-parse', '--symbolic-full-name', ref),
    ask('describe', commit),
  ]);
  const branch = branchOf(full);
  return {
    ...(url !== '' && { url }),
    ...(branch !== undefined && { branch }),
    ...(described !== '' && { described }),
  };
}

async function commitNamed(repository: string, ref: string, signal: AbortSignal): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`];
  const options = { stage: 'source', signal, okCodes: [0, 1, 128] };
  const { stdout, exitCode } = await git(repository, args, options);
  if (exitCode === 0) return stdout.trim();
  throw await noCommitError(repository, ref, signal);
}

/**
 * A commit of a repository as a source. Throws JobError.
 * @param name repository and ref, for the label
 */
export async function pinCommit(
  repository: string,
  named: NamedCommit,
  name: string,
  signal: AbortSignal,
): Promise<PinnedSource> {
  const { commit } = named;
  const root = await treeOfCommit(repository, commit, signal);
  const tree = new ObjectTree(repository, root);
  const source: PinnedSource = {
    // The tree and not the commit: a commit message changes no kernel.
    id: `git-${root}`,
    label: name.endsWith(commit) ? name : `${name} ${commit}`,
    facts: gitFacts(named),
    readFile: async (path, readSignal) =>
      (await readFiles(repository, tree, [path], readSignal)).get(path),
    readFiles: (paths, readSignal) => readFiles(repository, tree, paths, readSignal),
    copyTo: (dir, copySignal) => unpack({ repository, commit, tree }, [], dir, copySignal),
    async copyFiles(paths, dir, copySignal) {
      // As many as a command line holds.
      for (let at = 0; at < paths.length; at += 500) {
        const found = await tree.find(paths.slice(at, at + 500), copySignal);
        const there = [...found.keys()];
        if (there.length > 0) await unpack({ repository, commit, tree }, there, dir, copySignal);
      }
    },
    async changedSince(id, diffSignal) {
      const before = /^git-([0-9a-f]+)$/.exec(id)?.[1];
      if (before?.length !== root.length) return undefined;
      return changesOfTrees(new ObjectTree(repository, before), tree, diffSignal);
    },
    origin: `commit ${commit}`,
    async trusts(origin, trustSignal) {
      const other = /^commit ([0-9a-f]+)$/.exec(origin)?.[1];
      if (other === undefined || other === commit) return other === commit;
      // What a commit descends from is part of it.
      const ask = ['merge-base', '--is-ancestor', other, commit];
      const options = { stage: 'source', signal: trustSignal, okCodes: [0, 1, 128] };
      return (await git(repository, ask, options)).exitCode === 0;
    },
  };
  if ((await source.readFile(kvmMark, signal)) === undefined) {
    throw new JobError([
      {
        message: `${name}: not a kernel tree: ${kvmMark} is missing`,
      },
    ]);
  }
  return source;
}

const fileModes: Readonly<Record<string, TreeFile['mode']>> = {
  '100644': '100644',
  '100755': '100755',
  '120000': '120000',
};

/** Files of a tree, by their paths: what they are in a few questions, what is in them in another. */
async function readFiles(
  repository: string,
  tree: ObjectTree,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, TreeFile>> {
  const rows = [...(await tree.find(paths, signal))];
  const contents = await readObjects(
    repository,
    rows.map(([, { id }]) => id),
    signal,
  );
  const files = new Map<string, TreeFile>();
  for (const [path, { mode: written, id }] of rows) {
    const [mode, content] = [fileModes[written], contents.get(id)];
    if (mode && content) files.set(path, { mode, content });
  }
  return files;
}

interface Commit {
  readonly repository: string;
  readonly commit: string;
  readonly tree: ObjectTree;
}

/** As much as of a tarball (tar-listing.ts). */
const mostBytes = 16 * 1024 ** 3;

/**
 * Puts files of a commit into a folder: those named, or all. git is in the cage; what comes out of it is not, and is
 * compared with the names that it has in the commit. Throws JobError.
 */
async function unpack(
  { repository, commit, tree }: Commit,
  paths: readonly string[],
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  const files = paths.length === 0 ? await tree.all(signal) : await tree.find(paths, signal);
  const archive = ['--literal-pathspecs', 'archive', '--format=tar', commit, '--', ...paths];
  const { argv, env } = await programOfObjects(repository, archive);
  const script = `"\${@:2}" | head -c ${mostBytes} | tar -xf - -C "$1" --no-same-owner`;
  await run(['bash', '-o', 'pipefail', '-c', script, 'copy', dir, ...argv], {
    stage: 'build',
    signal,
    env,
  });
  let sinceTurn = 0;
  for (const [path, entry] of files ?? []) {
    if (!(await isEntry(join(dir, path), entry))) throw notItsName(repository, path);
    // A hundred thousand files are hashed at once otherwise, and Ctrl-C has to wait.
    if (++sinceTurn % 200 === 0) await setImmediate();
    signal.throwIfAborted();
  }
}

/** No file of a kernel comes near; it is read as a whole. */
const mostFileBytes = 256 * 1024 ** 2;

/** Whether what lies at a path is what a tree says. */
async function isEntry(path: string, { mode, id }: TreeEntry): Promise<boolean> {
  const state = lstatSync(path, { throwIfNoEntry: false });
  // A submodule's folder stays empty.
  if (mode === '160000') return state?.isDirectory() === true;
  if (state?.isSymbolicLink() === true)
    return mode === '120000' && objectId('blob', await readlink(path, 'buffer'), id.length) === id;
  if (state?.isFile() !== true || mode === '120000') return false;
  if (state.size > mostFileBytes) {
    throw new JobError([{ message: `${path}: more than ${mostFileBytes / 1024 ** 2} MiB` }]);
  }
  return objectId('blob', readFileSync(path), id.length) === id;
}

/** What differs between two trees; undefined where the repository lacks one of them. */
async function changesOfTrees(
  before: ObjectTree,
  after: ObjectTree,
  signal: AbortSignal,
): Promise<Changes | undefined> {
  const [was, is] = [await before.all(signal), await after.all(signal)];
  if (was === undefined || is === undefined) return undefined;
  return changesOfListings(
    was,
    is,
    (one, other) => one?.id === other?.id && one?.mode === other?.mode,
  );
}
