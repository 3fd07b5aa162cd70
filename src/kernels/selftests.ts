// SPDX-License-Identifier: MIT
import type { Say } from '../model/event.js';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InfraError, JobError } from '../model/errors.js';
import { folderForCages, use } from '../system/cache.js';
import { cacheDir, digest, isFileName, makeFolderWhole } from '../system/files.js';
import { withLock } from '../system/lock.js';
import { run } from '../system/processes.js';
import { programPath } from '../system/program.js';
import type { BuildPlan } from './build.js';
import { diffText } from './diff-text.js';
import { BuildError, make, type Work } from './make.js';
import { touchedFiles, type Patch } from './series.js';
import { findProgramToolchain } from './toolchain.js';
import { readBuilt, readTreeFile } from './tree-file.js';
import { bringTree, dateTree, withWorkTree } from './work-tree.js';

/** Goes up when the way of building changes what comes out. */
const format = '1';

/** Where a tree has its selftests. */
export const selftestsFolder = 'tools/testing/selftests';

/** A collection of selftests as the tree's own `make install` leaves it. */
export interface Selftests {
  /** Holds run_kselftest.sh, and what it needs. Made by the tree's code: never follow a link in it. */
  readonly dir: string;
  /** The same for the same tests. */
  readonly key: string;
  /** Every test of the collection as the tree lists it, COLLECTION:TEST. */
  readonly tests: readonly string[];
  /** Path of what make printed. */
  readonly log: string;
}

/**
 * Files of a tree that no selftest is made of. Selftests take assembler and headers from anywhere in the tree, C from
 * lib/ and tools/ only.
 */
const notOfTests =
  /^(?:Documentation|kernel|mm|fs|net|drivers|virt|ipc|security|sound|block|io_uring|init|crypto|certs|arch\/\w+\/(?:kvm|mm|kernel|platforms|perf))\/(?:.*\/)?(?:[^/]+\.(?:c|rst|txt|yaml)|Kconfig[^/]*|Kbuild|Makefile)$/;

/**
 * Builds a collection, `cgroup` or `powerpc/math`, from the tree of a kernel; kept in the cache for every kernel whose
 * patches leave it as it is. Throws BuildError where it does not compile, JobError where the tree has none, InfraError.
 */
export async function buildSelftests(
  plan: BuildPlan,
  collection: string,
  signal: AbortSignal,
  say: Say,
): Promise<Selftests> {
  const toolchain = await findProgramToolchain();
  const patches = await patchesOfTests(plan.chosen.patches, signal);
  const texts = patches.map(({ text }) => diffText(text));
  const tree = digest(format, plan.source.id, ...texts).slice(0, 24);
  const key = digest(tree, ...toolchain.versions, collection).slice(0, 24);
  const dir = cacheDir('selftests', key);
  const headers = cacheDir('selftests', `headers-${tree}`);
  const asked: Asked = { plan, patches, collection, headers };
  const onWait = (pid: number): void => say(`process ${pid} builds them`);
  if (!(await use(dir))) {
    await folderForCages('selftests');
    await withLock(`${dir}.lock`, signal, onWait, async () => {
      if (!(await use(dir))) await installInto(dir, asked, signal, say);
    });
  }
  const list = await readFile(join(dir, 'list'), 'utf8');
  const tests = list.split('\n').filter((line) => /^[^\s:]+:\S+$/.test(line));
  return { dir: join(dir, 'install'), key, tests, log: join(dir, 'build.log') };
}

/**
 * The patches that selftests depend on, and all patches before them, so that they apply. The tree that selftests are built
 * from has no others, because make runs what any patch says, and everybody with these patches gets what is kept.
 */
async function patchesOfTests(
  patches: readonly Patch[],
  signal: AbortSignal,
): Promise<readonly Patch[]> {
  let count = 0;
  for (const [index, patch] of patches.entries()) {
    const touched = await touchedFiles([patch], signal);
    if (!touched.every((path) => notOfTests.test(path))) count = index + 1;
  }
  return patches.slice(0, count);
}

interface Asked {
  readonly plan: BuildPlan;
  readonly patches: readonly Patch[];
  readonly collection: string;
  /** Where the tree's headers for programs are kept, for the next collection. */
  readonly headers: string;
}

async function installInto(
  dir: string,
  { plan, patches, collection, headers }: Asked,
  signal: AbortSignal,
  say: Say,
): Promise<void> {
  if ((await programPath('rsync')) === undefined) {
    const why = 'rsync is missing: the selftests of a kernel tree are installed by it';
    throw new InfraError('selftests', why, 'install the package rsync');
  }
  const { source, kernel } = plan;
  const toolchain = await findProgramToolchain();
  await withWorkTree(source, signal, async (tree) => {
    say('bringing the source up to date');
    const state = await bringTree(tree, kernel.name, source, patches, signal);
    await dateTree(tree, state, Math.floor(Date.now() / 1000) - 2, [], signal);
    if (!(await hasCollection(tree.tree, collection))) {
      const message = `${source.label} has no selftests "${collection}" (${selftestsFolder})`;
      throw new JobError([{ message }]);
    }
    await mkdir(tree.obj, { recursive: true });
    const log: string[] = [];
    const shared = { kernel: kernel.name, key: plan.key, toolchain, signal, log };
    const work: Work = { ...shared, tree: tree.tree, obj: tree.obj };
    const jobs = `-j${availableParallelism() + 1}`;
    say('installing headers');
    await makeHeaders(work, headers);
    say(`building the selftests ${collection}`);
    const install = join(tree.obj, 'kselftest_installed');
    const goals = [jobs, `TARGETS=${collection}`, `KSFT_INSTALL_PATH=${install}`, 'install'];
    await makeTests({ ...work, folder: selftestsFolder }, goals, (line) => {
      const [, file] = /\s-o (\S+)$/.exec(line) ?? [];
      if (file !== undefined)
        say(`building the selftests ${collection}: ${file.split('/').at(-1)}`);
    });
    // The tree's code has made it, and may have put a link there.
    const list = await readBuilt(tree.obj, 'kselftest_installed/kselftest-list.txt');
    if (list === undefined) {
      throw new InfraError('selftests', "the tree's make install left no list of its tests");
    }
    await makeFolderWhole(dir, async (temporary) => {
      await rename(install, join(temporary, 'install'));
      await writeFile(join(temporary, 'list'), list);
      await writeFile(join(temporary, 'build.log'), `${log.join('\n')}\n`);
    });
  });
}

/** Headers as programs see them; they come first, for the folder goes to the cage's user with the first make. */
async function makeHeaders(work: Work, kept: string): Promise<void> {
  const { obj, signal } = work;
  // A stranger's: what is in it is copied as it is.
  const copy = (from: string, to: string) =>
    run(['cp', '-a', '--', join(from, 'usr'), to], { stage: 'selftests', signal });
  if (await use(kept)) {
    await copy(kept, obj);
    return;
  }
  await make(work, [`-j${availableParallelism() + 1}`, 'headers']);
  await makeFolderWhole(kept, async (temporary) => {
    await copy(obj, temporary);
  });
}

async function hasCollection(tree: string, collection: string): Promise<boolean> {
  if (!collection.split('/').every(isFileName)) return false;
  const makefile = join(selftestsFolder, collection, 'Makefile');
  return (await readTreeFile(tree, makefile)) !== undefined;
}

/** A header or library that this computer lacks is nothing that the kernel does wrong. */
async function makeTests(
  work: Work,
  goals: readonly string[],
  onLine: (line: string) => void,
): Promise<void> {
  try {
    await make(work, goals, {}, onLine);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const missing = /fatal error: \S+: No such file|cannot find -l|: not found$|command not found/;
    const why = error.errors.find((line) => missing.test(line));
    if (why === undefined) throw error;
    throw new InfraError(
      'selftests',
      why,
      `install what is missing, for ${work.toolchain.architecture.debian}`,
    );
  }
}
