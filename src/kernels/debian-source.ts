// SPDX-License-Identifier: MIT
import type { SourceRef } from '../model/source-ref.js';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError, JobError } from '../model/errors.js';
import type { Say } from '../model/event.js';
import { AptSuite, type AptPackage } from '../system/apt.js';
import { use } from '../system/cache.js';
import { cacheDir, exists, isFileName, makeFolderWhole } from '../system/files.js';
import { withLock } from '../system/lock.js';
import { run } from '../system/processes.js';
import { changesBetween, copyFiles } from './tree-files.js';
import { readerOf, type KernelSource, type PinnedSource } from './pinned-source.js';

const anyVersion = 'linux-source';
/** Task-based throttling, which the bug came with, was merged in v6.18. */
const oldest: readonly [number, number] = [6, 18];

/**
 * `debian:linux-source-7.2@sid`, or `debian:linux-source` for the newest from v6.18 on. Without
 * a suite: sid, where Debian's newest released kernels are. The tarball is unpacked once.
 */
export function debianSource({
  package: pkg,
  suite: suiteName = 'sid',
}: SourceRef & { kind: 'debian' }): KernelSource {
  const find = (suite: AptSuite): Promise<AptPackage | undefined> =>
    pkg === anyVersion ? newest(suite) : suite.show(pkg);
  return {
    kind: 'debian',
    async pin(signal, say) {
      const suite = new AptSuite(suiteName, undefined, signal);
      return suite.withNewLists(async () => {
        say(`looking for ${pkg} in Debian ${suiteName}`);
        const found = await find(suite);
        if (found === undefined) {
          const what = pkg === anyVersion ? `linux-source from ${oldest.join('.')} on` : pkg;
          throw new JobError([{ message: `Debian ${suiteName} has no package ${what}` }]);
        }
        return unpacked(suite, found, signal, say);
      });
    },
    async isHere(signal) {
      const suite = new AptSuite(suiteName, undefined, signal);
      const found = (await suite.hasLists()) ? await find(suite) : undefined;
      return found !== undefined && (await exists(cacheDir('sources', idOf(found))));
    },
  };
}

/** A package and its version as a file name. */
const idOf = (pkg: AptPackage): string =>
  `${pkg.name}_${pkg.version.replace(/[^A-Za-z0-9.+~-]/g, '_')}`;

async function newest(suite: AptSuite): Promise<AptPackage | undefined> {
  const numbered = (await suite.search('^linux-source-[0-9]+\\.[0-9]+$')).map((found) => {
    const [major = 0, minor = 0] = found.name.replace('linux-source-', '').split('.').map(Number);
    return { found, major, minor };
  });
  return numbered
    .filter(({ major, minor }) => major > oldest[0] || (major === oldest[0] && minor >= oldest[1]))
    .sort((a, b) => b.major - a.major || b.minor - a.minor)[0]?.found;
}

async function unpacked(
  suite: AptSuite,
  pkg: AptPackage,
  signal: AbortSignal,
  say: Say,
): Promise<PinnedSource> {
  const id = idOf(pkg);
  const tree = cacheDir('sources', id);
  const fill = async (): Promise<void> => {
    if (await use(tree)) return;
    const deb = await suite.download(pkg, say);
    say(`unpacking ${pkg.name} ${pkg.version}`);
    await makeFolderWhole(tree, (dir) => unpack(deb, dir, signal));
    await suite.forget(deb);
  };
  // What is there needs no lock, which a cache that is only read could not have.
  const onWait = (pid: number): void => say(`waiting for process ${pid}`);
  if (!(await use(tree))) await withLock(`${tree}.lock`, signal, onWait, fill);
  return treeInCache(id, `${pkg.name} ${pkg.version} (Debian ${suite.suite})`, tree);
}

async function unpack(deb: string, dir: string, signal: AbortSignal): Promise<void> {
  const outer = join(dir, '.deb');
  await mkdir(outer);
  await run(['dpkg-deb', '-x', deb, outer], { stage: 'fetch', signal });
  const sources = join(outer, 'usr/src');
  const tarball = (await readdir(sources)).find((file) => /\.tar\.(xz|zst|gz)$/.test(file));
  if (tarball === undefined) throw new InfraError('fetch', `${deb} holds no kernel tarball`);
  await run(['tar', '-xf', join(sources, tarball), '-C', dir, '--strip-components=1'], {
    stage: 'fetch',
    signal,
  });
  await run(['rm', '-rf', outer], { stage: 'fetch', signal });
}

/** A tree that lies unpacked in the cache. */
export function treeInCache(id: string, label: string, tree: string): PinnedSource {
  return {
    id,
    label,
    readFile: readerOf(tree),
    async copyTo(dir, signal) {
      // No hard links: a build could write through them into what all builds share.
      await run(['cp', '-a', '--reflink=auto', `${tree}/.`, dir], { stage: 'build', signal });
    },
    copyFiles: (paths, dir, signal) => copyFiles(tree, paths, dir, signal),
    async changedSince(other, signal) {
      const before = cacheDir('sources', other);
      const isHere = isFileName(other) && (await use(before));
      return isHere ? changesBetween(before, tree, signal) : undefined;
    },
  };
}
