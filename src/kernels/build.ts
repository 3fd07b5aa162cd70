// SPDX-License-Identifier: MIT
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { FixSpec, KernelSpec } from '../model/job.js';
import { InfraError } from '../model/errors.js';
import { cacheDir, digest, exists, readIfThere } from '../system/files.js';
import { withLock } from '../system/lock.js';
import { run, tail } from '../system/processes.js';
import { lostError, lostSymbols, readFragments, writeAllConfig, type Fragment } from './config.js';
import { choosePatches, type ChosenPatches } from './fix.js';
import type { PinnedSource } from './pinned-source.js';
import { rejectError, seriesDigest, trySeries, writePatched } from './series.js';
import { patchsetHash } from './source-facts.js';
import type { Toolchain } from './toolchain.js';

/** Goes up when the way of building changes what comes out. */
const buildFormat = '1';
/** Compiled files of the minimal config, for the percentage of a first build. */
const usualSteps = 900;

/** A kernel that can be booted, with what it was made from. */
export interface BuiltKernel {
  readonly name: string;
  /** The ELF image for QEMU's -kernel. */
  readonly image: string;
  /** Identity: the same for the same source, patches, config and toolchain. */
  readonly key: string;
  readonly facts: Readonly<Record<string, string>>;
  /** What make printed. */
  readonly log: string;
  /** Wall time of the build, or 0 when it was in the cache. */
  readonly buildMs: number;
}

/** A build that is decided but not done. */
export interface BuildPlan {
  readonly kernel: KernelSpec;
  readonly source: PinnedSource;
  readonly chosen: ChosenPatches;
  readonly fragments: readonly Fragment[];
  readonly toolchain: Toolchain;
  readonly key: string;
  readonly cached: boolean;
}

/** The compiler found an error: its lines come first. A result of the kernel, not of the lab. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  constructor(
    readonly kernel: string,
    readonly errors: readonly string[],
    readonly log: string,
  ) {
    super(errors[0] ?? `the build of ${kernel} failed`);
  }
}

const kernelDir = (key: string): string => cacheDir('kernels', key);

/** Decides how a kernel is built and whether it is there already. Throws JobError. */
export async function planBuild(
  kernel: KernelSpec,
  fix: FixSpec | undefined,
  source: PinnedSource,
  toolchain: Toolchain,
  signal: AbortSignal,
): Promise<BuildPlan> {
  const chosen = await choosePatches(kernel, fix, source, signal);
  const fragments = await readFragments(kernel.config);
  const key = digest(
    buildFormat,
    source.id,
    seriesDigest(chosen.patches),
    fragments.map((f) => f.text).join('\n'),
    ...toolchain.versions,
  ).slice(0, 24);
  const cached = await exists(kernelDir(key));
  return { kernel, source, chosen, fragments, toolchain, key, cached };
}

/** Builds what was planned, once for all processes that want it. Throws BuildError, JobError, InfraError. */
export async function build(
  plan: BuildPlan,
  signal: AbortSignal,
  say: (text: string, fraction?: number) => void,
): Promise<BuiltKernel> {
  const dir = kernelDir(plan.key);
  const started = Date.now();
  let built = false;
  const onWait = (pid: number): void => say(`process ${pid} builds it`);
  if (!(await exists(dir))) {
    await withLock(`${dir}.lock`, signal, onWait, async () => {
      if (await exists(dir)) return;
      await buildInto(dir, plan, signal, say);
      built = true;
    });
  }
  const facts = JSON.parse(await readFile(join(dir, 'facts.json'), 'utf8')) as Record<
    string,
    string
  >;
  return {
    name: plan.kernel.name,
    image: join(dir, 'vmlinux'),
    key: plan.key,
    // The same kernel may have come from another commit, or a patch of another name, before.
    facts: { ...facts, ...planFacts(plan) },
    log: join(dir, 'build.log'),
    buildMs: built ? Date.now() - started : 0,
  };
}

/** What is known of a kernel before it is built; a build that fails has these facts too. */
export function planFacts({ source, chosen, kernel }: BuildPlan): Record<string, string> {
  return {
    ...source.facts,
    kernel_source: source.label,
    kernel_patches: chosen.patches.map((patch) => patch.name).join(' ') || 'none',
    kernel_fix: chosen.note,
    kernel_config: kernel.config.join(' '),
    patchset_hash: patchsetHash(chosen.patches),
  };
}

async function buildInto(
  dir: string,
  plan: BuildPlan,
  signal: AbortSignal,
  say: (text: string, fraction?: number) => void,
): Promise<void> {
  // One place for all builds of a cache: the compiler's cache then sees the same relative paths.
  const work = cacheDir('build', plan.key);
  await rm(work, { recursive: true, force: true });
  const tree = join(work, 'linux');
  const obj = join(tree, 'obj');
  await mkdir(obj, { recursive: true });
  try {
    say('copying the source');
    await plan.source.copyTo(tree, signal);
    await patchTree(tree, plan, signal);
    say('configuring');
    await configure(tree, obj, plan, signal);
    await compile(tree, obj, plan, signal, say);
    await keepArtefacts(dir, work, obj, plan);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function patchTree(tree: string, plan: BuildPlan, signal: AbortSignal): Promise<void> {
  const result = await trySeries(plan.source, plan.chosen.patches, signal);
  if (!result.applies) throw rejectError(plan.kernel.name, result);
  await writePatched(tree, result.files);
}

function makeArgv(tree: string, obj: string, toolchain: Toolchain): string[] {
  const cc = toolchain.ccache ? 'ccache ' : '';
  return [
    'make',
    '-C',
    tree,
    `O=${obj}`,
    'ARCH=powerpc',
    `CROSS_COMPILE=${toolchain.crossCompile}`,
    `CC=${cc}${toolchain.crossCompile}gcc`,
  ];
}

// Two builds of the same thing are to be the same to the byte.
function makeEnv(tree: string): Record<string, string> {
  return {
    KBUILD_BUILD_TIMESTAMP: '2026-01-01',
    KBUILD_BUILD_USER: 'busyguest',
    KBUILD_BUILD_HOST: 'busyguest',
    KBUILD_BUILD_VERSION: '1',
    LC_ALL: 'C',
    CCACHE_DIR: cacheDir('ccache'),
    CCACHE_BASEDIR: tree,
    CCACHE_NOHASHDIR: '1',
    CCACHE_MAXSIZE: '2G',
  };
}

async function configure(
  tree: string,
  obj: string,
  plan: BuildPlan,
  signal: AbortSignal,
): Promise<void> {
  const all = join(obj, 'busyguest.config');
  const wanted = await writeAllConfig(plan.fragments, all);
  const argv = [...makeArgv(tree, obj, plan.toolchain), '-s', 'allnoconfig'];
  const env = { ...makeEnv(tree), KCONFIG_ALLCONFIG: all };
  const log: string[] = [];
  try {
    await run(argv, { stage: 'build', signal, env, onLine: (line) => log.push(line) });
  } catch (error) {
    throw isLab(error) ? error : await buildError(plan, log);
  }
  const lost = lostSymbols(wanted, await readFile(join(obj, '.config'), 'utf8'));
  if (lost.length > 0) throw lostError(plan.kernel.name, plan.fragments, lost);
}

async function compile(
  tree: string,
  obj: string,
  plan: BuildPlan,
  signal: AbortSignal,
  say: (text: string, fraction?: number) => void,
): Promise<void> {
  const log: string[] = [];
  const last = Number(await readIfThere(cacheDir('build-steps'))) || usualSteps;
  let steps = 0;
  const onLine = (line: string): void => {
    log.push(line);
    if (!/^ {2}(?:CC|AS|AR|LD)\s/.test(line)) return;
    steps++;
    say(`compiling ${line.trim().split(/\s+/)[1] ?? ''}`, Math.min(steps / last, 0.99));
  };
  const make = makeArgv(tree, obj, plan.toolchain);
  const argv = [...make, `-j${availableParallelism() + 1}`, 'vmlinux'];
  try {
    await run(argv, { stage: 'build', signal, env: makeEnv(tree), onLine });
  } catch (error) {
    throw isLab(error) ? error : await buildError(plan, log);
  } finally {
    await writeFile(join(obj, 'build.log'), `${log.join('\n')}\n`).catch(() => {});
  }
  await writeFile(cacheDir('build-steps'), String(steps));
}

/** What the compiler, the linker, kconfig and make say of a broken tree, and what only follows from it. */
const causes = /\berror:|undefined reference|Kconfig\S*:\d+: (?!warning)|No rule to make target/;
const consequences = /\*\*\* \[/;

/** Whether make failed for a reason that is not in the tree. */
const isLab = (error: unknown): boolean =>
  !(error instanceof InfraError) || /no space|program not found/.test(error.message);

async function buildError(plan: BuildPlan, log: readonly string[]): Promise<BuildError> {
  const file = cacheDir('logs', `${plan.key}-build.log`);
  await mkdir(cacheDir('logs'), { recursive: true });
  await writeFile(file, `${log.join('\n')}\n`);
  const killed = log.find((line) => /Killed|signal terminated program/.test(line));
  if (killed !== undefined) {
    throw new InfraError(
      'build',
      'the compiler was killed',
      'is there enough memory?',
      tail(log.join('\n')),
    );
  }
  const found = [causes, consequences].flatMap((kind) => log.filter((line) => kind.test(line)));
  const errors = [...new Set(found)].slice(0, 20);
  return new BuildError(plan.kernel.name, errors.length > 0 ? errors : log.slice(-10), file);
}

async function keepArtefacts(
  dir: string,
  work: string,
  obj: string,
  plan: BuildPlan,
): Promise<void> {
  const out = join(work, 'out');
  await mkdir(out);
  for (const [from, to] of [
    ['vmlinux', 'vmlinux'],
    ['.config', 'config'],
    ['System.map', 'System.map'],
    ['build.log', 'build.log'],
  ] as const) {
    await copyFile(join(obj, from), join(out, to));
  }
  const release = (await readFile(join(obj, 'include/config/kernel.release'), 'utf8')).trim();
  const facts = {
    ...planFacts(plan),
    kernel_release: release,
    toolchain: plan.toolchain.versions.join('; '),
  };
  await writeFile(join(out, 'facts.json'), `${JSON.stringify(facts, undefined, 2)}\n`);
  await mkdir(cacheDir('kernels'), { recursive: true });
  await rename(out, dir);
}
