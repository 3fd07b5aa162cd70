// SPDX-License-Identifier: MIT
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cacheDir, digest, projectDir, readIfThere } from '../system/files.js';
import { stateOf } from '../system/file-facts.js';
import { programPath } from '../system/program.js';
import type { BuildPlan } from './build.js';
import { compiledFiles, writeCompiled } from './compiled-files.js';
import { narrowConfigChange } from './config-change.js';
import { configIdentity, configure } from './config.js';
import { diffText } from './diff-text.js';
import { BuildError, make, type Work } from './make.js';
import { copyStart, keepObjects, nearestStart, type Recipe, type Start } from './object-trees.js';
import { readSeries } from './read-series.js';
import type { Patch } from './series.js';
import { copyBuilt, readBuilt } from './tree-file.js';
import { needsOffsets, offsetsSource, readOffsets, writeOffsetsSource } from './trace-offsets.js';
import { bringTree, dateTree, withWorkTree, type TreeState, type WorkTree } from './work-tree.js';

/** What the image of a built kernel is called in the cache, whatever form it has. */
export const builtImage = 'vmlinux';

/** Compiled files of the minimal config, for the percentage of a first build. */
const usualSteps = 900;

type Say = (text: string, fraction?: number) => void;

/**
 * Compiles what was planned into the empty folder `dir`. It goes on from the nearest kept object tree where there is one,
 * and its own is kept for the next. Throws BuildError, JobError, InfraError.
 */
export async function compileKernel(
  plan: BuildPlan,
  dir: string,
  facts: Readonly<Record<string, string>>,
  signal: AbortSignal,
  say: Say,
): Promise<void> {
  const { source, kernel, chosen } = plan;
  await withWorkTree(source, signal, async (tree) => {
    say('bringing the source up to date');
    const state = await bringTree(tree, kernel.name, source, chosen.patches, signal);
    const recipe = await recipeOf(plan, state, signal);
    const start = plan.clean ? undefined : await nearestStart(recipe, source, tree, signal);
    const building: Building = { plan, tree, recipe, signal, say };
    let made: Made;
    try {
      made = await makeKernel(building, start);
    } catch (error) {
      if (start === undefined || !(error instanceof BuildError) || error.isCompilers) throw error;
      // Not the compiler's word on the source: perhaps make's on what was kept.
      await rm(tree.obj, { recursive: true, force: true });
      made = await makeKernel(building, undefined);
    }
    await keepArtefacts(dir, made, { ...facts, ...made.facts });
    await writeCompiled(dir, await compiledFiles({ ...tree, toolchain: plan.toolchain }, signal));
    await keepObjects(plan.key, recipe, made.configured, tree);
  });
}

/** A kernel that is being built. */
interface Building {
  readonly plan: BuildPlan;
  readonly tree: WorkTree;
  readonly recipe: Recipe;
  readonly signal: AbortSignal;
  readonly say: Say;
}

interface Made {
  readonly work: Work;
  readonly facts: Readonly<Record<string, string>>;
  /** What was found out when it was configured; part of the facts. */
  readonly configured: Readonly<Record<string, string>>;
}

async function recipeOf(plan: BuildPlan, state: TreeState, signal: AbortSignal): Promise<Recipe> {
  const { source, chosen, config, toolchain } = plan;
  const own = new Set((await ownPatches(signal)).map(({ text }) => digest(diffText(text))));
  const patches = chosen.patches.map(({ text }) => digest(diffText(text)));
  const { kind, choice, compiler, versions, architecture } = toolchain;
  return {
    state,
    ...(source.origin !== undefined && { origin: source.origin }),
    patches: patches.filter((patch) => !own.has(patch)),
    config: configIdentity(config).flatMap((text) => text.split('\n')),
    toolchain: [kind, choice, compiler, ...versions].join('; '),
    arch: architecture.name,
    tools: await configTools(),
  };
}

/** What Kconfig asks for its version, or whether it is there, and no toolchain's identity has. */
async function configTools(): Promise<string> {
  const names = ['pahole', 'rustc', 'bindgen', 'python3', 'perl', 'flex', 'bison'];
  const states = names.map(async (name) => {
    const file = await programPath(name);
    return file === undefined ? name : stateOf(file);
  });
  return (await Promise.all(states)).join('; ');
}

/** The patches that busyguest brings with it: what they let a build do is known. */
async function ownPatches(signal: AbortSignal): Promise<Patch[]> {
  const dir = join(projectDir, 'jobs/patches');
  const names = ['kvm-hv-xfer-to-guest', 'remove-kvm-hv-xfer-to-guest'];
  return (await Promise.all(names.map((name) => readSeries(join(dir, name), signal)))).flat();
}

async function makeKernel(building: Building, start: Start | undefined): Promise<Made> {
  const { plan, tree, recipe, signal, say } = building;
  // What is kept has one time, what changed a later one, and what is built a later one still.
  const seconds = Math.floor(Date.now() / 1000) - 2;
  if (start) await copyStart(start, tree, seconds, signal);
  else await mkdir(tree.obj, { recursive: true });
  await dateTree(tree, recipe.state, seconds, start?.changed ?? [], signal);
  say('configuring');
  const { toolchain, key } = plan;
  const kernel = plan.kernel.name;
  const work: Work = { kernel, key, tree: tree.tree, obj: tree.obj, toolchain, signal, log: [] };
  if (start) work.log.push(`built upon the object tree of ${start.key}`);
  // Asking Kconfig is a good part of a small build: it runs the compiler a hundred times.
  const configured = start?.configured ?? (await configure(work, plan.config));
  if (start && !start.configured) await narrowConfigChange(work, seconds);
  await compile(work, start !== undefined, say);
  say('asking where traced members are');
  const offsets = await traceOffsets(work);
  return { work, facts: { ...configured, ...offsets }, configured };
}

async function compile(work: Work, isPart: boolean, say: Say): Promise<void> {
  const last = Number(await readIfThere(cacheDir('build-steps'))) || usualSteps;
  let steps = 0;
  const onLine = (line: string): void => {
    if (!/^ {2}(?:CC|AS|AR|LD)\s/.test(line)) return;
    steps++;
    const text = `compiling ${line.trim().split(/\s+/)[1] ?? ''}`;
    // Nobody knows beforehand how much kbuild finds to be done.
    if (isPart) say(text);
    else say(text, Math.min(steps / last, 0.99));
  };
  const { goal } = work.toolchain.architecture.image;
  await make(work, [`-j${availableParallelism() + 1}`, goal], {}, onLine);
  if (!isPart) await writeFile(cacheDir('build-steps'), String(steps));
}

/** Where the payload finds what it traces, as a fact; nothing where the kernel says it itself or cannot be traced. */
async function traceOffsets(work: Work): Promise<{ trace_offsets?: string }> {
  if (!needsOffsets((await readBuilt(work.obj, '.config')) ?? '')) return {};
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

/** What is booted and shown of a kernel, into an empty folder. */
async function keepArtefacts(
  out: string,
  { work: { obj, log, toolchain } }: Made,
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [from, to] of [
    [toolchain.architecture.image.path, builtImage],
    ['.config', 'config'],
    ['System.map', 'System.map'],
  ] as const) {
    await copyBuilt(obj, from, join(out, to));
  }
  await writeFile(join(out, 'build.log'), `${log.join('\n')}\n`);
  const release = ((await readBuilt(obj, 'include/config/kernel.release')) ?? '').trim();
  const all = { ...facts, kernel_release: release };
  await writeFile(join(out, 'facts.json'), `${JSON.stringify(all, undefined, 2)}\n`);
}
