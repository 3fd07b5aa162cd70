// SPDX-License-Identifier: MIT
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { FixSpec, KernelSpec } from '../model/job.js';
import { use } from '../system/cache.js';
import { cacheDir, digest, readIfThere } from '../system/files.js';
import { withLock } from '../system/lock.js';
import { configIdentity, configure, readConfigs, type ConfigPlan } from './config.js';
import { choosePatches, type ChosenPatches } from './fix.js';
import { BuildError, make, type Work } from './make.js';
import { readerOf, type PinnedSource } from './pinned-source.js';
import { rejectError, seriesDigest, trySeries, writePatched } from './series.js';
import { patchsetHash } from './source-facts.js';
import { needsOffsets, offsetsSource, readOffsets, writeOffsetsSource } from './trace-offsets.js';
import { checkAge, type Toolchain } from './toolchain.js';

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
  readonly config: ConfigPlan;
  readonly toolchain: Toolchain;
  readonly key: string;
  readonly cached: boolean;
}

const kernelDir = (key: string): string => cacheDir('kernels', key);

/** Decides how a kernel is built and whether it is there already. Throws JobError, InfraError. */
export async function planBuild(
  kernel: KernelSpec,
  fix: FixSpec | undefined,
  source: PinnedSource,
  toolchain: Toolchain,
  signal: AbortSignal,
): Promise<BuildPlan> {
  const chosen = await choosePatches(kernel, fix, source, signal);
  const config = await readConfigs(kernel);
  const key = digest(
    buildFormat,
    source.id,
    seriesDigest(chosen.patches),
    ...configIdentity(config),
    ...toolchain.versions,
  ).slice(0, 24);
  const cached = await use(kernelDir(key));
  if (!cached) await checkAge(toolchain, source, signal);
  // A kernel from the cache copies nothing, and its patches may have been chosen for an edited file.
  await source.assertUnchanged?.(signal);
  return { kernel, source, chosen, config, toolchain, key, cached };
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
  if (!(await use(dir))) {
    await withLock(`${dir}.lock`, signal, onWait, async () => {
      if (await use(dir)) return;
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
export function planFacts(plan: BuildPlan): Record<string, string> {
  const { source, chosen, kernel, toolchain } = plan;
  return {
    ...source.facts,
    kernel_source: source.label,
    kernel_patches: chosen.patches.map((patch) => patch.name).join(' ') || 'none',
    kernel_fix: chosen.note,
    kernel_config: kernel.config.join(' '),
    patchset_hash: patchsetHash(chosen.patches),
    toolchain: toolchain.versions.join('; '),
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
    const { toolchain, key } = plan;
    const kernel = plan.kernel.name;
    const making: Work = { kernel, key, tree, obj, toolchain, signal, log: [] };
    const facts = await configure(making, plan.config);
    await compile(making, say);
    say('asking where traced members are');
    const offsets = await traceOffsets(making);
    await writeFile(join(obj, 'build.log'), `${making.log.join('\n')}\n`);
    await keepArtefacts(dir, work, obj, plan, { ...facts, ...offsets });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function patchTree(tree: string, plan: BuildPlan, signal: AbortSignal): Promise<void> {
  // The copy's files, not the source's: those may have been edited since.
  const copy = { readFile: readerOf(tree) };
  const result = await trySeries(copy, plan.chosen.patches, signal);
  if (!result.applies) throw rejectError(plan.kernel.name, result);
  await writePatched(tree, result.files);
}

async function compile(work: Work, say: (text: string, fraction?: number) => void): Promise<void> {
  const last = Number(await readIfThere(cacheDir('build-steps'))) || usualSteps;
  let steps = 0;
  const onLine = (line: string): void => {
    if (!/^ {2}(?:CC|AS|AR|LD)\s/.test(line)) return;
    steps++;
    say(`compiling ${line.trim().split(/\s+/)[1] ?? ''}`, Math.min(steps / last, 0.99));
  };
  await make(work, [`-j${availableParallelism() + 1}`, 'vmlinux'], {}, onLine);
  await writeFile(cacheDir('build-steps'), String(steps));
}

/** Where the payload finds what it traces, as a fact; nothing where the kernel says it itself or cannot be traced. */
async function traceOffsets(work: Work): Promise<{ trace_offsets?: string }> {
  if (!needsOffsets(await readFile(join(work.obj, '.config'), 'utf8'))) return {};
  await writeOffsetsSource(work.tree);
  try {
    await make(work, [`${offsetsSource}.s`], {});
  } catch (error) {
    // A tree whose scheduler looks different can still be tested, just not traced.
    if (error instanceof BuildError) return {};
    throw error;
  }
  const offsets = await readOffsets(work.obj);
  return offsets === undefined ? {} : { trace_offsets: offsets };
}

async function keepArtefacts(
  dir: string,
  work: string,
  obj: string,
  plan: BuildPlan,
  configured: Readonly<Record<string, string>>,
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
  const facts = { ...planFacts(plan), ...configured, kernel_release: release };
  await writeFile(join(out, 'facts.json'), `${JSON.stringify(facts, undefined, 2)}\n`);
  await mkdir(cacheDir('kernels'), { recursive: true });
  await rename(out, dir);
}
