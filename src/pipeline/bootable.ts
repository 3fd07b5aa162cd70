// SPDX-License-Identifier: MIT
import type { Image, ModuleFile } from '../images/image.js';
import { usualImage } from '../images/image.js';
import { compileProgram, type Compiler } from '../images/payload.js';
import type { BuiltKernel } from '../kernels/build.js';
import { runningKernel } from '../model/job.js';
import { usualProgram } from '../payload/image-recipe.js';
import type { OtherImage } from './images.js';

/** A kernel with the initramfs that goes with it: everything a device needs to boot. */
export interface Bootable {
  /** Path of the kernel image. */
  readonly image: string;
  /** Identity of kernel and initramfs. */
  readonly key: string;
  readonly initramfs: string;
  /** What init loads before the payload runs. */
  readonly modules: readonly ModuleFile[];
  /** What jobs boot that need another initramfs, by `recipeKey`. */
  readonly otherImages: ReadonlyMap<string, OtherImage>;
  /** Path of the test program alone, where the running kernel is tested: then there is no image. */
  readonly program?: string;
  /** Options that this kernel needs on its command line. */
  readonly commandLine: readonly string[];
  /** What the test needs and the kernel's config lacks. */
  readonly lacks: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
  readonly buildMs: number;
  /** Wall milliseconds that its image took, or finding it in the cache. */
  readonly imageMs: number;
  /** Path of what its build printed. */
  readonly log?: string;
  /** Path of its .config, where it was built here. */
  readonly config?: string;
  /** What was applied to its source, in order. */
  readonly patches?: readonly { readonly name: string; readonly text: string }[];
}

/** What every kernel is told: say warnings at once. */
const builtCommandLine = ['loglevel=7'];

/** A kernel that was built here. Its KVM is built in. */
export async function bootableBuild(
  kernel: BuiltKernel,
  compiler: Compiler,
  signal: AbortSignal,
): Promise<Bootable> {
  const start = Date.now();
  const image = await usualImage(compiler, signal);
  return {
    ...joined(kernel.key, image),
    image: kernel.image,
    modules: [],
    otherImages: new Map(),
    commandLine: builtCommandLine,
    lacks: [],
    facts: kernel.facts,
    buildMs: kernel.buildMs,
    imageMs: Date.now() - start,
    log: kernel.log,
    config: kernel.config,
    patches: kernel.patches,
  };
}

/** The kernel that runs on a device: only the test program goes there. */
export async function bootableRunning(compiler: Compiler, signal: AbortSignal): Promise<Bootable> {
  const { path, key } = await compileProgram(usualProgram, compiler, signal);
  return {
    image: '',
    initramfs: '',
    program: path,
    key,
    commandLine: [],
    lacks: [],
    facts: { kernel_source: runningKernel },
    modules: [],
    otherImages: new Map(),
    buildMs: 0,
    imageMs: 0,
  };
}

/** What both kinds of kernel with an image of their own have in common. */
export const joined = (kernelKey: string, image: Image): Pick<Bootable, 'key' | 'initramfs'> => ({
  key: `${kernelKey}-${image.key}`,
  initramfs: image.initramfs,
});
