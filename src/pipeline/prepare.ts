// SPDX-License-Identifier: MIT
import { build, planBuild, planFacts, type BuildPlan } from '../kernels/build.js';
import { BuildError } from '../kernels/make.js';
import type { PinnedSource, Say } from '../kernels/pinned-source.js';
import { kernelSource } from '../kernels/source.js';
import { assertMayRun, sandboxWord } from '../kernels/trusted.js';
import { findProgramToolchain, findToolchain } from '../kernels/toolchain.js';
import type { Compiler } from '../images/payload.js';
import type { EventSink } from '../model/event.js';
import { InfraError, InterruptedError, JobError } from '../model/errors.js';
import { kernelId, runningKernel, type JobMatrix, type KernelSpec } from '../model/job.js';
import { recipeKey } from '../payload/image-recipe.js';
import { inStage } from '../system/disk.js';
import type { BuildError as BuildFailure } from '../verdict/judge.js';
import { bootableBuild, bootableRunning, type Bootable } from './bootable.js';
import { usedKernels } from './used-kernels.js';
import { otherRecipes, packImage, type OtherImage, type Packing } from './images.js';

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
      const [tree, compiler] = await Promise.all([source, findToolchain(kernel.toolchain)]);
      return planBuild(kernel, matrix.fix, tree, compiler, signal);
    };
    plans.set(kernelId(kernel), await orFailure('source', plan));
  }
  return plans;
}

const isRunning = ({ source }: KernelSpec): boolean => source === runningKernel;
const isBuilt = (kernel: KernelSpec): boolean => kernel.packages.length === 0 && !isRunning(kernel);

/**
 * Builds or unpacks all kernels, one after the other: a build uses all CPUs. By name.
 * @param clean builds from nothing, what is in the cache too
 */
export async function prepare(
  matrix: JobMatrix,
  signal: AbortSignal,
  emit: EventSink,
  clean = false,
): Promise<Map<string, Prepared>> {
  const word = await sandboxWord();
  if (word !== undefined) emit({ kind: 'note', text: word });
  const compiler = await findProgramToolchain();
  const kernels = new Map<string, Prepared>();
  const plans = await working('source', 'kernel source', emit, (say) =>
    planKernels(matrix, signal, say),
  );
  for (const [name, plan] of plans) {
    const planned = 'key' in plan && clean ? { ...plan, clean, cached: false } : plan;
    const built =
      'key' in planned ? await buildOne(planned, matrix, compiler, signal, emit) : planned;
    kernels.set(name, built);
  }
  for (const kernel of usedKernels(matrix).filter(({ packages }) => packages.length > 0)) {
    const open = (say: Say): Promise<Prepared> =>
      orFailure('package', async () => {
        await assertMayRun(kernel.packages, []);
        // Its readers of archives take a while to load, and most runs have no packages.
        const { bootablePackages } = await import('./bootable-packages.js');
        return { kernel: await bootablePackages(kernel, compiler, signal, say) };
      });
    kernels.set(kernelId(kernel), await working(kernel.name, `kernel ${kernel.name}`, emit, open));
  }
  for (const kernel of usedKernels(matrix).filter(isRunning)) {
    const make = async (): Promise<Prepared> => ({
      kernel: await bootableRunning(compiler, signal),
    });
    kernels.set(kernelId(kernel), await orFailure('image', make));
  }
  for (const spec of usedKernels(matrix)) {
    const id = kernelId(spec);
    const [prepared, plan] = [kernels.get(id), plans.get(id)];
    if (!prepared || !('kernel' in prepared) || prepared.kernel.program) continue;
    const built = plan && 'key' in plan ? plan : undefined;
    const packing = { kernel: prepared.kernel, plan: built, compiler, signal };
    const otherImages = await packOthers(matrix, spec, packing, emit);
    if (otherImages.size > 0) kernels.set(id, { kernel: { ...prepared.kernel, otherImages } });
  }
  return kernels;
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
    const pack = async (say: Say): Promise<OtherImage> => {
      const packed = await orFailure('image', () => packImage(recipe, { ...packing, say }));
      if ('kernel' in packed) throw new Error('an image is no kernel');
      return packed;
    };
    const text = recipe.kind === 'vmm' ? 'QEMU for the guest' : `selftests for ${spec.name}`;
    const key = recipeKey(recipe);
    images.set(key, await working(`image ${kernelId(spec)} ${key}`, text, emit, pack));
  }
  return images;
}

async function working<T>(
  work: string,
  text: string,
  emit: EventSink,
  what: (say: Say) => Promise<T>,
): Promise<T> {
  let ok = false;
  emit({ kind: 'work-start', work, text });
  try {
    const result = await what((now) => emit({ kind: 'work-progress', work, text: now }));
    ok = true;
    return result;
  } finally {
    emit({ kind: 'work-end', work, text, ok });
  }
}

async function buildOne(
  plan: BuildPlan,
  matrix: JobMatrix,
  compiler: Compiler,
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
    emit({ kind: 'note', text: `kernel ${name}: built before (${plan.key})` });
  } else {
    emit({ kind: 'work-start', work, text: `building ${name} from ${plan.source.label}` });
  }
  const result = await orFailure('build', async () => {
    try {
      const kernel = await build(plan, AbortSignal.any([signal, deadline]), (text, fraction) =>
        emit({
          kind: 'work-progress',
          work,
          text: `building ${name}: ${text}`,
          ...(fraction !== undefined && { fraction }),
        }),
      );
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
  if (!plan.cached) emit({ kind: 'work-end', work, text: `building ${name}`, ok });
  return ok ? result : { ...result, facts: planFacts(plan) };
}

// A kernel that cannot be made is a result of its jobs; the others go on.
async function orFailure<T extends object>(
  stage: string,
  make: () => Promise<T>,
): Promise<T | Prepared> {
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
      const tail = error.logTail.map((line) => `\n    ${line}`).join('');
      const todo = error.todo === undefined ? '' : `; ${error.todo}`;
      return {
        failure: {
          decidedBy: 'infrastructure',
          reason: `${error.stage}: ${error.message}${todo}${tail}`,
        },
      };
    }
    throw error;
  }
}
