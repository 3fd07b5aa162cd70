// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { JobError } from '../model/errors.js';
import { run } from '../system/processes.js';
import type { Changes, KernelSource, PinnedSource } from './pinned-source.js';
import { gitFacts } from './source-facts.js';

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
      const origin = ['git', '-C', repository, 'config', '--get', 'remote.origin.url'];
      const { stdout: url } = await run(origin, { stage: 'source', signal, okCodes: [0, 1] });
      const name = `${basename(repository)} ${ref}`;
      return pinCommit(repository, commit, name, signal, url.trim());
    },
  };
}

async function commitNamed(repository: string, ref: string, signal: AbortSignal): Promise<string> {
  const argv = ['git', '-C', repository, 'rev-parse', '--verify', '--quiet', `${ref}^{commit}`];
  const options = { stage: 'source', signal, okCodes: [0, 1, 128] };
  const { stdout, exitCode } = await run(argv, options);
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
  const git = ['git', '-C', repository];
  const { stdout: tree } = await run([...git, 'rev-parse', `${commit}^{tree}`], {
    stage: 'source',
    signal,
  });
  const source: PinnedSource = {
    // The tree and not the commit: a commit message changes no kernel.
    id: `git-${tree.trim()}`,
    label: name.endsWith(commit) ? name : `${name} ${commit}`,
    facts: gitFacts(commit, url),
    async readFile(path, readSignal) {
      const shown = await run([...git, 'show', `${commit}:${path}`], {
        stage: 'source',
        signal: readSignal,
        okCodes: [0, 128],
        bytes: true,
      });
      return shown.exitCode === 0 ? Buffer.from(shown.stdout, 'latin1') : undefined;
    },
    copyTo: (dir, copySignal) => unpack(repository, commit, [], dir, copySignal),
    async copyFiles(paths, dir, copySignal) {
      // As many as a command line holds.
      for (let at = 0; at < paths.length; at += 500) {
        const some = paths.slice(at, at + 500);
        const argv = [...git, '--literal-pathspecs', 'ls-tree', '-r', '-z', '--name-only'];
        const list = [...argv, commit, '--', ...some];
        const { stdout } = await run(list, { stage: 'source', signal: copySignal });
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
      const ask = [...git, 'merge-base', '--is-ancestor', other, commit];
      const options = { stage: 'source', signal: trustSignal, okCodes: [0, 1, 128] };
      return (await run(ask, options)).exitCode === 0;
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

/** Puts files of a commit into a folder: those named, or all. */
async function unpack(
  repository: string,
  commit: string,
  paths: readonly string[],
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  const git = 'git -C "$1" --literal-pathspecs archive --format=tar "$2" -- "${@:4}"';
  const script = `${git} | tar -xf - -C "$3"`;
  const argv = ['bash', '-o', 'pipefail', '-c', script, 'copy', repository, commit, dir, ...paths];
  await run(argv, { stage: 'build', signal });
}

/** What differs between two trees; undefined where the repository lacks one of them. */
async function changesOfTrees(
  repository: string,
  before: string,
  after: string,
  signal: AbortSignal,
): Promise<Changes | undefined> {
  const diff = ['git', '-C', repository, 'diff-tree', '-r', '-z', '--no-renames', '--name-status'];
  const options = { stage: 'source', signal, okCodes: [0, 128] };
  const { stdout, exitCode } = await run([...diff, before, after], options);
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
