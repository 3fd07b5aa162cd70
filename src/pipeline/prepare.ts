// SPDX-License-Identifier: MIT
import { architectureNamed } from '../architectures/architectures.js';
import { build, planBuild, planFacts, type BuildPlan } from '../kernels/build.js';
import { BuildError } from '../kernels/make.js';
import type { PinnedSource } from '../kernels/pinned-source.js';
import { kernelSource } from '../kernels/source.js';
import { assertMayRun, sandboxWord } from '../kernels/trusted.js';
import { findProgramToolchain, findToolchain } from '../kernels/toolchain.js';
import type { Compiler } from '../images/payload.js';
import type { EventSink, Say, Step } from '../model/event.js';
import { InfraError, InterruptedError, JobError } from '../model/errors.js';
import { kernelId, runningKernel, type JobMatrix, type KernelSpec } from '../model/job.js';
import { recipeKey } from '../payload/image-recipe.js';
import { inStage } from '../system/disk.js';
import type { BuildError as BuildFailure } from '../verdict/judge.js';
import { bootableBuild, bootableRunning, type Bootable } from './bootable.js';
import { buildStep, jobStep, readPastTimes } from './past-times.js';
import { usedKernels } from './used-kernels.js';
import { contentOf, otherRecipes, packImage, type OtherImage, type Packing } from './images.js';

/** A kernel that can be booted, or why there is none. */
export type Prepared =
  | { readonly kernel: Bootable }
  | {
      readonly failure: BuildFailure;
      readonly log?: string;
      readonly facts?: Readonly<Record<string, string>>;
    };

/** Finds out what every kernel of the matrix is made of; pins each source once. */
export async function planKernels(
  matrix: JobMatrix,
  signal: AbortSignal,
  say: Say,
): Promise<Map<string, BuildPlan | Prepared>> {
  const pinned = new Map<string, Promise<PinnedSource>>();
  const plans = new Map<string, BuildPlan | Prepared>();
  for (const kernel of usedKernels(matrix).filter(isBuilt)) {
    const pin = async (): Promise<PinnedSource> => {
      await assertMayRun([kernel.source], []);
      return kernelSource(kernel.source).pin(signal, say);
    };
    const source = pinned.get(kernel.source) ?? pin();
    pinned.set(kernel.source, source);
    const plan = async (): Promise<BuildPlan> => {
      const architecture = architectureNamed(kernel.architecture);
      const [tree, compiler] = await Promise.all([
        source,
        findToolchain(kernel.toolchain, architecture),
      ]);
      return planBuild(kernel, matrix.fix, tree, compiler, signal);
    };
    plans.set(kernelId(kernel), await orFailure('source', plan));
  }
  return plans;
}

const isRunning = ({ source }: KernelSpec): boolean => source === runningKernel;
const isBuilt = (kernel: KernelSpec): boolean => kernel.packages.length === 0 && !isRunning(kernel);

/** How kernels are prepared. */
export interface PrepareOptions {
  /** Builds from nothing, what is in the cache too. */
  readonly clean?: boolean;
  /** Jobs at once afterwards, for the time that is left; undefined where nobody knows what they take: in a lab. */
  readonly parallel?: number;
}

/** Builds or unpacks all kernels, one after the other: a build uses all CPUs. By name. */
export async function prepare(
  matrix: JobMatrix,
  signal: AbortSignal,
  emit: EventSink,
  { clean = false, parallel }: PrepareOptions = {},
): Promise<Map<string, Prepared>> {
  const word = await sandboxWord();
  if (word !== undefined) emit({ kind: 'note', text: word });
  const compilerFor = ({ architecture }: KernelSpec): Promise<Compiler> =>
    findProgramToolchain(architectureNamed(architecture));
  await assertSomeCompiler(usedKernels(matrix).map(compilerFor));
  const kernels = new Map<string, Prepared>();
  const plans = await sourcesOf(matrix, clean, signal, emit);
  if (parallel !== undefined)
    emit({ kind: 'steps', steps: await stepsOf(matrix, plans, clean), parallel });
  for (const [name, plan] of plans) {
    const built = 'key' in plan ? await buildOne(plan, matrix, compilerFor, signal, emit) : plan;
    kernels.set(name, built);
  }
  for (const kernel of usedKernels(matrix).filter(({ packages }) => packages.length > 0)) {
    const open = (say: Say): Promise<Prepared> =>
      orFailure('package', async () => {
        await assertMayRun(kernel.packages, []);
        // Its readers of archives take a while to load, and most runs have no packages.
        const { bootablePackages } = await import('./bootable-packages.js');
        const compiler = { ...(await compilerFor(kernel)), say };
        return { kernel: await bootablePackages(kernel, compiler, signal, say) };
      });
    const label = (made: Prepared): string | undefined =>
      'kernel' in made ? `kernel ${kernel.name}: ${packageLabel(made.kernel)}` : undefined;
    const texts = { during: `kernel ${kernel.name}`, done: label };
    kernels.set(kernelId(kernel), await working(kernel.name, texts, emit, open));
  }
  for (const kernel of usedKernels(matrix).filter(isRunning)) {
    const make = (say: Say): Promise<Prepared> =>
      orFailure('image', async () => ({
        kernel: await bootableRunning({ ...(await compilerFor(kernel)), say }, signal),
      }));
    const during = `test program for ${kernel.name}`;
    const done = (made: Prepared): string | undefined => ('kernel' in made ? during : undefined);
    kernels.set(kernelId(kernel), await working(kernel.name, { during, done }, emit, make));
  }
  for (const spec of usedKernels(matrix)) {
    const id = kernelId(spec);
    const [prepared, plan] = [kernels.get(id), plans.get(id)];
    if (!prepared || !('kernel' in prepared) || prepared.kernel.program) continue;
    const built = plan && 'key' in plan ? plan : undefined;
    const compiler = await compilerFor(spec);
    const packing = { kernel: prepared.kernel, plan: built, compiler, signal };
    const otherImages = await packOthers(matrix, spec, packing, emit);
    if (otherImages.size > 0) kernels.set(id, { kernel: { ...prepared.kernel, otherImages } });
  }
  return kernels;
}

/** Without a compiler nothing can be done; one that only some kernels need costs their own jobs. Throws InfraError. */
async function assertSomeCompiler(compilers: readonly Promise<Compiler>[]): Promise<void> {
  const found = await Promise.allSettled(compilers);
  const missing = found.filter((one) => one.status === 'rejected');
  const [first] = missing;
  if (first && missing.length === found.length) throw first.reason;
}

/** Every initramfs that some job of a kernel needs beside the usual one; one that cannot be made costs its own jobs only. */
async function packOthers(
  matrix: JobMatrix,
  spec: KernelSpec,
  packing: Omit<Packing, 'say'>,
  emit: EventSink,
): Promise<ReadonlyMap<string, OtherImage>> {
  const images = new Map<string, OtherImage>();
  for (const recipe of otherRecipes(matrix, spec)) {
    const pack = (say: Say): Promise<OtherImage> =>
      orFailure('image', () => packImage(recipe, { ...packing, say }));
    const during = `${contentOf(recipe)} for ${spec.name}`;
    const texts = { during, done: () => `${during}: packed` };
    const key = recipeKey(recipe);
    images.set(key, await working(`image ${kernelId(spec)} ${key}`, texts, emit, pack));
  }
  return images;
}

/** Pins the source of every kernel that is built, and says what was found. */
async function sourcesOf(
  matrix: JobMatrix,
  clean: boolean,
  signal: AbortSignal,
  emit: EventSink,
): Promise<Map<string, BuildPlan | Prepared>> {
  if (!usedKernels(matrix).some(isBuilt)) return new Map();
  const done = (found: ReadonlyMap<string, BuildPlan | Prepared>): string | undefined => {
    const labels = [...found.values()].flatMap((one) => ('key' in one ? one.source.label : []));
    return labels.length > 0 ? `kernel source: ${[...new Set(labels)].join('; ')}` : undefined;
  };
  const texts = { during: 'kernel source', done };
  const plans = await working('source', texts, emit, (say) => planKernels(matrix, signal, say));
  const isAnew = (plan: BuildPlan | Prepared): plan is BuildPlan => clean && 'key' in plan;
  return new Map(
    [...plans].map(([name, plan]) => [
      name,
      isAnew(plan) ? { ...plan, clean, cached: false } : plan,
    ]),
  );
}

/** Builds and jobs that are left, with what they took the last time. */
async function stepsOf(
  { jobs }: JobMatrix,
  plans: ReadonlyMap<string, BuildPlan | Prepared>,
  clean: boolean,
): Promise<readonly Step[]> {
  const past = await readPastTimes();
  const builds = [...plans.values()].flatMap((plan) =>
    'key' in plan && !plan.cached ? [buildStep(plan.kernel, clean, past)] : [],
  );
  return [...builds, ...jobs.map((job) => jobStep(job, past))];
}

const packageLabel = ({ facts }: Bootable): string =>
  facts['kernel_source'] ?? facts['kernel_packages'] ?? facts['kernel_release'] ?? 'unpacked';

/** What is said about work: during it, and when it is done. */
interface WorkTexts<T> {
  readonly during: string;
  readonly done?: (result: T) => string | undefined;
}

async function working<T>(
  work: string,
  { during, done }: WorkTexts<T>,
  emit: EventSink,
  what: (say: Say) => Promise<T>,
): Promise<T> {
  emit({ kind: 'work-start', work, text: during });
  const say: Say = (text, fraction) =>
    emit({ kind: 'work-progress', work, text, ...(fraction !== undefined && { fraction }) });
  try {
    const result = await what(say);
    const text = done?.(result);
    // What could not be made is told by its jobs.
    emit({
      kind: 'work-end',
      work,
      text: text ?? during,
      ok: done === undefined || text !== undefined,
    });
    return result;
  } catch (error) {
    emit({ kind: 'work-end', work, text: during, ok: false });
    throw error;
  }
}

async function buildOne(
  plan: BuildPlan,
  matrix: JobMatrix,
  compilerFor: (kernel: KernelSpec) => Promise<Compiler>,
  signal: AbortSignal,
  emit: EventSink,
): Promise<Prepared> {
  const name = kernelId(plan.kernel);
  const work = `build ${name}`;
  const { buildMs } = matrix.jobs.find((job) => kernelId(job.kernel) === name)?.timeouts ?? {
    buildMs: 3_600_000,
  };
  const deadline = AbortSignal.timeout(buildMs);
  if (plan.cached) {
    emit({ kind: 'note', text: `kernel ${name}: in the cache (${plan.key})` });
  } else {
    emit({ kind: 'work-start', work, text: `building ${name} from ${plan.source.label}` });
  }
  const result = await orFailure('build', async () => {
    const say: Say = (text, fraction) =>
      emit({
        kind: 'work-progress',
        work,
        text: `building ${name}: ${text}`,
        ...(fraction !== undefined && { fraction }),
      });
    try {
      const kernel = await build(plan, AbortSignal.any([signal, deadline]), say);
      const compiler = { ...(await compilerFor(plan.kernel)), say };
      const bootable = (): Promise<Bootable> => bootableBuild(kernel, compiler, signal);
      return { kernel: await inStage('image', 'BUSYGUEST_CACHE', bootable) };
    } catch (error) {
      if (signal.aborted || !deadline.aborted) throw error;
      throw new InfraError(
        'build',
        `the build took more than ${buildMs / 1000} s (timeouts: build-s)`,
      );
    }
  });
  const ok = 'kernel' in result;
  const text = ok ? `built ${name}` : `building ${name}`;
  if (!plan.cached) emit({ kind: 'work-end', work, text, ok });
  return ok ? result : { ...result, facts: planFacts(plan) };
}

// A kernel that cannot be made is a result of its own jobs only.
async function orFailure<T extends object>(
  stage: string,
  make: () => Promise<T>,
): Promise<T | Exclude<Prepared, { readonly kernel: Bootable }>> {
  try {
    return await inStage(stage, 'BUSYGUEST_CACHE', make);
  } catch (error) {
    if (error instanceof BuildError) {
      return { failure: { decidedBy: 'build', reason: error.errors.join('\n') }, log: error.log };
    }
    if (error instanceof JobError) {
      return { failure: { decidedBy: 'input', reason: error.message } };
    }
    if (error instanceof InfraError && !(error instanceof InterruptedError)) {
      return { failure: { decidedBy: 'infrastructure', reason: error.reason } };
    }
    throw error;
  }
}
