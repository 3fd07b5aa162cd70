// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { JobError } from '../model/errors.js';
import { run } from '../system/processes.js';
import type { KernelSource, PinnedSource } from './pinned-source.js';
import { gitFacts } from './source-facts.js';

/**
 * A commit of a local repository (`ref`: branch, tag, commit). Only objects are read: work tree,
 * index and refs of the user stay as they are.
 */
export function gitSource(repository: string, ref: string): KernelSource {
  return {
    kind: 'git',
    async pin(signal) {
      const { stdout, exitCode } = await run(
        ['git', '-C', repository, 'rev-parse', '--verify', '--quiet', `${ref}^{commit}`],
        { stage: 'source', signal, okCodes: [0, 1, 128] },
      );
      if (exitCode !== 0) {
        throw new JobError([
          {
            message: `${repository}: no commit "${ref}"`,
            hint: 'give a branch, tag or commit of that repository',
          },
        ]);
      }
      const origin = ['git', '-C', repository, 'config', '--get', 'remote.origin.url'];
      const { stdout: url } = await run(origin, { stage: 'source', signal, okCodes: [0, 1] });
      const name = `${basename(repository)} ${ref}`;
      return pinCommit(repository, stdout.trim(), name, signal, url.trim());
    },
  };
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
    async copyTo(dir, copySignal) {
      const script = 'git -C "$1" archive --format=tar "$2" | tar -xf - -C "$3"';
      await run(['bash', '-o', 'pipefail', '-c', script, 'copy', repository, commit, dir], {
        stage: 'build',
        signal: copySignal,
      });
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
