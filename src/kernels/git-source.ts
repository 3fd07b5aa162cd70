// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { JobError } from '../model/errors.js';
import { run } from '../system/processes.js';
import type { KernelSource, PinnedSource } from './pinned-source.js';

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
      return pinCommit(repository, stdout.trim(), ref, signal);
    },
  };
}

async function pinCommit(
  repository: string,
  commit: string,
  ref: string,
  signal: AbortSignal,
): Promise<PinnedSource> {
  const git = ['git', '-C', repository];
  const { stdout: tree } = await run([...git, 'rev-parse', `${commit}^{tree}`], {
    stage: 'source',
    signal,
  });
  const source: PinnedSource = {
    // The tree and not the commit: a commit message changes no kernel.
    id: `git-${tree.trim()}`,
    label: `${basename(repository)} ${ref === commit ? '' : `${ref} `}${commit}`,
    async readFile(path, readSignal) {
      const shown = await run([...git, 'show', `${commit}:${path}`], {
        stage: 'source',
        signal: readSignal,
        okCodes: [0, 128],
      });
      return shown.exitCode === 0 ? Buffer.from(shown.stdout) : undefined;
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
        message: `${repository} at ${ref}: not a kernel tree: arch/powerpc/kvm/book3s_hv.c is missing`,
      },
    ]);
  }
  return source;
}
