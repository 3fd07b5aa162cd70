// SPDX-License-Identifier: MIT
import { basename, join } from 'node:path';
import { InfraError, JobError, type Problem } from '../model/errors.js';
import { digest, exists, isFolder } from '../system/files.js';
import { run } from '../system/processes.js';
import { gitSource } from './git-source.js';
import { kernelMarks, readerOf, type KernelSource, type PinnedSource } from './pinned-source.js';

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
async function stateOf(path: string, signal: AbortSignal): Promise<string> {
  const prune = ['(', '-name', '.git', '-prune', ')', '-o'];
  const find = ['find', '.', ...prune, '-type', 'f', '-printf', '%P %s %T@\\n'];
  const { stdout } = await run(find, { stage: 'source', cwd: path, signal });
  return digest(path, stdout.split('\n').sort().join('\n')).slice(0, 16);
}

async function pinFolder(path: string, signal: AbortSignal): Promise<PinnedSource> {
  const state = await stateOf(path, signal);
  const assertUnchanged = async (again: AbortSignal): Promise<void> => {
    if ((await stateOf(path, again)) === state) return;
    const todo =
      'run again, and edit when all kernels are built, or commit and name the commit (PATH#REF)';
    throw new InfraError('source', `${path} was changed while it was read`, todo);
  };
  return {
    id: `folder-${state}`,
    label: `${basename(path)} (folder, state ${state})`,
    readFile: readerOf(path),
    assertUnchanged,
    async copyTo(dir, copySignal) {
      const copy = ['cp', '-a', '--reflink=auto', `${path}/.`, dir];
      await run(copy, { stage: 'build', signal: copySignal });
      // What was edited since it was pinned would be built under the name of what was there before.
      await assertUnchanged(copySignal);
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
