// SPDX-License-Identifier: MIT
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InfraError } from '../model/errors.js';
import type { FixSpec, KernelSpec } from '../model/job.js';
import { factsOf, keyOf } from '../architectures/architectures.js';
import { use } from '../system/cache.js';
import {
  cacheDir,
  digest,
  digestFile,
  exists,
  temporaryFor,
  withTemporary,
} from '../system/files.js';
import { withLock } from '../system/lock.js';
import { seal } from '../system/sealed.js';
import { configIdentity, readConfigs, type ConfigPlan } from './config.js';
import { builtImage, compileKernel } from './compile.js';
import { compiledFiles, coverageFacts, readCompiled, writeCompiled } from './compiled-files.js';
import { choosePatches, type ChosenPatches } from './fix.js';
import type { PinnedSource } from './pinned-source.js';
import { seriesDigest, type Patch } from './series.js';
import { patchsetHash } from './source-facts.js';
import { checkAge, type Toolchain } from './toolchain.js';
import { treeFragments } from './tree-config.js';
import { assertMayRun } from './trusted.js';

/** Goes up when the way of building changes what comes out. */
const buildFormat = '1';

/** A kernel that can be booted, with what it was made from. */
export interface BuiltKernel {
  readonly name: string;
  /** The image for QEMU's -kernel. */
  readonly image: string;
  /** Identity: the same for the same source, patches, config and toolchain. */
  readonly key: string;
  readonly facts: Readonly<Record<string, string>>;
  /** What make printed. */
  readonly log: string;
  /** Path of its .config. */
  readonly config: string;
  /** What was applied to its source, in order. */
  readonly patches: readonly Patch[];
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
  /** Builds upon no kept object tree. */
  readonly clean?: boolean;
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
  const { add = [], remove = [] } = kernel.fix === undefined ? {} : (fix ?? {});
  await assertMayRun([kernel.source], [...kernel.patches, add, remove].flat());
  const chosen = await choosePatches(kernel, fix, source, signal);
  const asked = await readConfigs(kernel);
  const ofTree = await treeFragments(kernel, source, chosen.patches, signal);
  const config = { ...asked, fragments: [...asked.fragments, ...ofTree] };
  const key = digest(
    buildFormat,
    source.id,
    seriesDigest(chosen.patches),
    ...configIdentity(config),
    ...keyOf(toolchain.architecture),
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
  const isThere = async (): Promise<boolean> => plan.clean !== true && (await use(dir));
  if (!(await isThere())) {
    await withLock(`${dir}.lock`, signal, onWait, async () => {
      if (await isThere()) return;
      await compileInto(dir, plan, signal, say);
      built = true;
    });
  }
  const facts = JSON.parse(await readFile(join(dir, 'facts.json'), 'utf8')) as Record<
    string,
    string
  >;
  return {
    name: plan.kernel.name,
    image: join(dir, builtImage),
    key: plan.key,
    // The same kernel may have come from another commit, or a patch of another name, before.
    facts: { ...facts, ...planFacts(plan), ...(await coverage(dir, plan, signal)) },
    log: join(dir, 'build.log'),
    config: join(dir, 'config'),
    patches: plan.chosen.patches,
    buildMs: built ? Date.now() - started : 0,
  };
}

/** What the kernel does not contain of its patches; nothing where nobody knows any more what was compiled. */
async function coverage(
  dir: string,
  { key, toolchain, chosen: { patches } }: BuildPlan,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  if (patches.length === 0) return {};
  const tree = cacheDir('objects', key);
  const obj = join(tree, 'obj');
  let files = await readCompiled(dir);
  if (files === undefined && (await exists(obj))) {
    files = await compiledFiles({ tree, obj, toolchain }, signal);
    await writeCompiled(dir, files);
  }
  return files === undefined ? {} : coverageFacts(patches, files, signal);
}

async function compileInto(
  dir: string,
  plan: BuildPlan,
  signal: AbortSignal,
  say: (text: string, fraction?: number) => void,
): Promise<void> {
  const isCheck = await use(dir);
  await withTemporary(dir, async (temporary) => {
    await compileKernel(plan, temporary, planFacts(plan), signal, say);
    if (isCheck) await compareClean(dir, temporary, plan.kernel.name);
    await mkdir(dirname(dir), { recursive: true });
    await rm(dir, { recursive: true, force: true });
    await seal(join(dir, builtImage), join(temporary, builtImage));
    await rename(temporary, dir);
  });
}

/** Throws InfraError where a kernel of the cache is not what a build from nothing makes; all that was kept is then given up. */
async function compareClean(dir: string, clean: string, kernel: string): Promise<void> {
  for (const name of [builtImage, 'config']) {
    const [has, wanted] = await Promise.all([dir, clean].map((one) => digestFile(join(one, name))));
    if (has === wanted) continue;
    await rm(cacheDir('objects'), { recursive: true, force: true });
    await rename(dir, temporaryFor(dir));
    throw new InfraError(
      'build',
      `kernel ${kernel}: a build from nothing gives another ${name} than is in the cache`,
      'it and all kept object trees were removed from the cache; run again, and please report it',
    );
  }
}

/** What is known of a kernel before it is built; a build that fails has these facts too. */
export function planFacts(plan: BuildPlan): Record<string, string> {
  const { source, chosen, kernel, toolchain, config } = plan;
  const ofTree = config.fragments
    .map(({ file }) => file)
    .filter((file) => kernel.treeConfig?.includes(file));
  return {
    ...source.facts,
    ...factsOf(toolchain.architecture),
    kernel_source: source.label,
    kernel_patches: chosen.patches.map((patch) => patch.name).join(' ') || 'none',
    kernel_fix: chosen.note,
    kernel_config: [...kernel.config, ...ofTree].join(' '),
    patchset_hash: patchsetHash(chosen.patches),
    toolchain: toolchain.versions.join('; '),
  };
}
