// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { JobError } from '../model/errors.js';
import { run } from '../system/processes.js';
import { git, gitProgram } from './git.js';
import type { Changes, KernelSource, PinnedSource } from './pinned-source.js';
import { gitFacts } from './source-facts.js';
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
      const origin = ['config', '--get', 'remote.origin.url'];
      const asked = { stage: 'source', signal, okCodes: [0, 1] };
      const { stdout: url } = await git(repository, origin, asked);
      const name = `${basename(repository)} ${ref}`;
      return pinCommit(repository, commit, name, signal, url.trim());
    },
  };
}

async function commitNamed(repository: string, ref: string, signal: AbortSignal): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`];
  const options = { stage: 'source', signal, okCodes: [0, 1, 128] };
  const { stdout, exitCode } = await git(repository, args, options);
  if (exitCode === 0) return stdout.trim();
  const hint = 'give a branch, tag or commit of that repository';
  throw new JobError([{ message: `${repository}: no commit "${ref}"`, hint }]);
}

/**
 * A commit of a repository as a source. Throws JobError.
 * @param name repository and ref, for the label
 * @param url where the repository comes from; what others cannot use of it is left out
 */
export async function pinCommit(
  repository: string,
  commit: string,
  name: string,
  signal: AbortSignal,
  url?: string,
): Promise<PinnedSource> {
  const { stdout: tree } = await git(repository, ['rev-parse', `${commit}^{tree}`], {
    stage: 'source',
    signal,
  });
  const source: PinnedSource = {
    // The tree and not the commit: a commit message changes no kernel.
    id: `git-${tree.trim()}`,
    label: name.endsWith(commit) ? name : `${name} ${commit}`,
    facts: gitFacts(commit, url),
    readFile: async (path, readSignal) =>
      (await readBlobs(repository, commit, [path], readSignal)).get(path),
    readFiles: (paths, readSignal) => readBlobs(repository, commit, paths, readSignal),
    copyTo: (dir, copySignal) => unpack(repository, commit, [], dir, copySignal),
    async copyFiles(paths, dir, copySignal) {
      // As many as a command line holds.
      for (let at = 0; at < paths.length; at += 500) {
        const some = paths.slice(at, at + 500);
        const names = ['--literal-pathspecs', 'ls-tree', '-r', '-z', '--name-only'];
        const list = [...names, commit, '--', ...some];
        const { stdout } = await git(repository, list, { stage: 'source', signal: copySignal });
        const wanted = new Set(some);
        const there = stdout.split('\0').filter((path) => wanted.has(path));
        if (there.length > 0) await unpack(repository, commit, there, dir, copySignal);
      }
    },
    async changedSince(id, diffSignal) {
      const before = /^git-([0-9a-f]+)$/.exec(id)?.[1];
      if (before === undefined) return undefined;
      return changesOfTrees(repository, before, tree.trim(), diffSignal);
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
  if ((await source.readFile('arch/powerpc/kvm/book3s_hv.c', signal)) === undefined) {
    throw new JobError([
      {
        message: `${name}: not a kernel tree: arch/powerpc/kvm/book3s_hv.c is missing`,
      },
    ]);
  }
  return source;
}

/** Files of a commit, by their paths: what they are in one question, what is in them in another. */
async function readBlobs(
  repository: string,
  commit: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, TreeFile>> {
  const asked = { stage: 'source', signal };
  const list = ['--literal-pathspecs', 'ls-tree', '-z', commit, '--', ...paths];
  const listed = (await git(repository, list, asked)).stdout.split('\0');
  const rows = listed.flatMap((line) => {
    const [, mode, id, path] = /^(100644|100755|120000) blob (\w+)\t(.*)$/s.exec(line) ?? [];
    return mode && id && path ? [{ mode: mode as TreeFile['mode'], id, path }] : [];
  });
  if (rows.length === 0) return new Map();
  const input = rows.map(({ id }) => `${id}\n`).join('');
  const batch = { ...asked, input, bytes: true };
  const { stdout } = await git(repository, ['cat-file', '--batch'], batch);
  const files = new Map<string, TreeFile>();
  let at = 0;
  for (const { mode, path } of rows) {
    // "ID blob SIZE", then so many bytes and a line feed.
    const end = stdout.indexOf('\n', at);
    const size = Number(stdout.slice(at, end).split(' ')[2]);
    files.set(path, {
      mode,
      content: Buffer.from(stdout.slice(end + 1, end + 1 + size), 'latin1'),
    });
    at = end + 1 + size + 1;
  }
  return files;
}

/** Puts files of a commit into a folder: those named, or all. git is in the cage; what comes out of it is not. */
async function unpack(
  repository: string,
  commit: string,
  paths: readonly string[],
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  const archive = ['--literal-pathspecs', 'archive', '--format=tar', commit, '--', ...paths];
  const { argv, env } = await gitProgram(repository, archive);
  const script = '"${@:2}" | tar -xf - -C "$1" --no-same-owner';
  await run(['bash', '-o', 'pipefail', '-c', script, 'copy', dir, ...argv], {
    stage: 'build',
    signal,
    env,
  });
}

/** What differs between two trees; undefined where the repository lacks one of them. */
async function changesOfTrees(
  repository: string,
  before: string,
  after: string,
  signal: AbortSignal,
): Promise<Changes | undefined> {
  const diff = ['diff-tree', '-r', '-z', '--no-renames', '--name-status'];
  const options = { stage: 'source', signal, okCodes: [0, 128] };
  const { stdout, exitCode } = await git(repository, [...diff, before, after], options);
  if (exitCode !== 0) return undefined;
  const parts = stdout.split('\0');
  const rows = Array.from({ length: Math.floor(parts.length / 2) }, (_, row) => ({
    status: parts[2 * row],
    path: parts[2 * row + 1] ?? '',
  }));
  return {
    paths: rows.map(({ path }) => path),
    added: rows.filter(({ status }) => status === 'A').map(({ path }) => path),
  };
}
