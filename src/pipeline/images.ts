// SPDX-License-Identifier: MIT
import type { Say } from '../model/event.js';
import { programImage, type Image } from '../images/image.js';
import type { Compiler } from '../images/payload.js';
import { selftestsImage } from '../images/selftests.js';
import { vmmImage } from '../images/vmm.js';
import type { BuildPlan } from '../kernels/build.js';
import { buildSelftests } from '../kernels/selftests.js';
import { JobError } from '../model/errors.js';
import { kernelId, type Job, type JobMatrix, type KernelSpec } from '../model/job.js';
import type { Facts } from '../model/result.js';
import { recipeKey, usualProgram, type ImageRecipe } from '../payload/image-recipe.js';
import { programOf } from '../payload/registry.js';
import type { BuildError as BuildFailure } from '../verdict/judge.js';
import type { Bootable } from './bootable.js';

interface Packed {
  readonly image: Image;
  readonly facts: Facts;
}

/** An initramfs beside the usual one, or why there is none. */
export type OtherImage = Packed | { readonly failure: BuildFailure; readonly log?: string };

/** What a job's initramfs holds. */
export function recipeOf({ test }: Pick<Job, 'test'>): ImageRecipe {
  return programOf(test).machine.image(test.parameters);
}

/** Whether it is the initramfs that every kernel has. */
export const isUsual = (recipe: ImageRecipe): boolean =>
  recipe.kind === 'program' && recipe.program === usualProgram;

/** The initramfs that a job needs instead of the usual one; undefined where it needs none, or none was asked for. */
export const otherImageOf = (
  job: Pick<Job, 'test'>,
  { otherImages }: Pick<Bootable, 'otherImages'>,
): OtherImage | undefined => otherImages.get(recipeKey(recipeOf(job)));

/** What a kernel lacks so that the job's initramfs could be made. */
export function lacksForImage(job: Job): readonly string[] {
  const { name, kernel } = programOf(job.test);
  const needsTree = kernel !== undefined && job.kernel.builtFor === undefined;
  return needsTree ? [`a source: ${name} is built from the tree of the kernel`] : [];
}

/** The recipes of a kernel's jobs that need another initramfs than the usual one. */
export function otherRecipes(matrix: JobMatrix, kernel: KernelSpec): readonly ImageRecipe[] {
  const recipes = matrix.jobs
    .filter((job) => kernelId(job.kernel) === kernelId(kernel) && lacksForImage(job).length === 0)
    .map(recipeOf);
  const others = recipes.filter((recipe) => !isUsual(recipe));
  return [...new Map(others.map((recipe) => [recipeKey(recipe), recipe])).values()];
}

/** What a recipe is called while it is packed. */
export function contentOf(recipe: ImageRecipe): string {
  if (recipe.kind === 'program') return recipe.program;
  return recipe.kind === 'vmm' ? 'QEMU of the guest' : 'selftests';
}

/** Makes an initramfs of a recipe. */
export interface Packing {
  readonly kernel: Bootable;
  /** How the kernel was built; undefined for one that was not built here. */
  readonly plan: BuildPlan | undefined;
  readonly compiler: Compiler;
  readonly signal: AbortSignal;
  readonly say: Say;
}

/** Throws InfraError, BuildError, JobError. */
export async function packImage(recipe: ImageRecipe, packing: Packing): Promise<Packed> {
  const { kernel, compiler, signal, say } = packing;
  switch (recipe.kind) {
    case 'program':
      return { image: await programImage(recipe.program, compiler, signal), facts: {} };
    case 'vmm': {
      const { guest } = recipe;
      const { facts, ...image } = await vmmImage(
        ...([guest, kernel.image, kernel.modules, compiler, signal, say] as const),
      );
      return { image, facts };
    }
    case 'selftests':
      return packSelftests(recipe.tests, packing);
  }
}

/** The selftests of the tree that the kernel was built from; `asked` as in `recipe`, all of one collection. */
async function packSelftests(
  asked: readonly string[],
  { plan, compiler, signal, say }: Packing,
): Promise<Packed> {
  const [collection = ''] = asked[0]?.split(':') ?? [];
  if (plan === undefined) throw new Error('selftests of a kernel that was not built');
  const built = await buildSelftests(plan, collection, signal, say);
  const isAsked = (test: string): boolean => asked.includes(collection) || asked.includes(test);
  const tests = built.tests.filter(isAsked);
  const unknown = asked.filter((one) => one.includes(':') && !tests.includes(one));
  if (unknown.length > 0 || tests.length === 0) {
    const message = `${plan.source.label} has no selftest ${unknown.join(', ') || collection}`;
    const hint = `it has ${built.tests.join(', ') || 'none there'}`;
    throw new JobError([{ message, hint }]);
  }
  const { facts, ...image } = await selftestsImage(built, tests, compiler, signal, say);
  return { image, facts };
}
