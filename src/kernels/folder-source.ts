// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { JobError, type Problem } from '../model/errors.js';
import { digest, exists, isFolder } from '../system/files.js';
import { run } from '../system/processes.js';
import { gitSource } from './git-source.js';
import { kernelMarks, type KernelSource, type PinnedSource } from './pinned-source.js';

/**
 * A kernel tree of the user's: a git work tree (its HEAD is taken, uncommitted changes with it) or
 * an unpacked tarball. It is read, never written to.
 */
export function folderSource(path: string): KernelSource {
  return {
    kind: 'folder',
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
  const problems: Problem[] = [];
  for (const [mark, what] of Object.entries(kernelMarks)) {
    if (!(await exists(join(path, mark)))) {
      problems.push({ message: `${path}: not a kernel tree: ${mark} (${what}) is missing` });
    }
  }
  if (problems.length > 0) throw new JobError(problems);
}

async function isDirty(path: string, signal: AbortSignal): Promise<boolean> {
  const git = ['git', '-C', path, '--no-optional-locks', 'status', '--porcelain', '-uno'];
  const { stdout } = await run(git, { stage: 'source', signal });
  return stdout.trim() !== '';
}

// Names, sizes and times of all files stand for the content: reading 1.5 GB would take longer than it saves.
async function pinFolder(path: string, signal: AbortSignal): Promise<PinnedSource> {
  const prune = ['(', '-name', '.git', '-prune', ')', '-o'];
  const find = ['find', '.', ...prune, '-type', 'f', '-printf', '%P %s %T@\\n'];
  const { stdout } = await run(find, { stage: 'source', cwd: path, signal });
  const state = digest(path, stdout.split('\n').sort().join('\n')).slice(0, 16);
  return {
    id: `folder-${state}`,
    label: `${basename(path)} (folder, state ${state})`,
    readFile: (file) => readFile(join(path, file)).catch(() => undefined),
    async copyTo(dir, copySignal) {
      const copy = ['cp', '-a', '--reflink=auto', `${path}/.`, dir];
      await run(copy, { stage: 'build', signal: copySignal });
      // What an in-tree build left behind would make `make O=` refuse the tree.
      await run(
        [
          'rm',
          '-rf',
          '.git',
          '.config',
          'include/config',
          'include/generated',
          'arch/powerpc/include/generated',
        ],
        {
          stage: 'build',
          cwd: dir,
          signal: copySignal,
        },
      );
    },
  };
}
