// SPDX-License-Identifier: MIT
import type { Image, ModuleFile } from '../images/image.js';
import { busyGuestImage } from '../images/image.js';
import type { VmmImage } from '../images/vmm.js';
import { compileProgram, type Compiler } from '../images/payload.js';
import type { BuiltKernel } from '../kernels/build.js';
import { debianPackages, namesKernelPackage } from '../kernels/packages/debian-package.js';
import { openPackages } from '../kernels/packages/distro-kernel.js';
import { runningKernel, type KernelSpec, type VmmGuest } from '../model/job.js';
import { cacheDir } from '../system/files.js';

/** A kernel with the initramfs that goes with it: everything a device needs to boot. */
export interface Bootable {
  /** Path of the kernel image. */
  readonly image: string;
  /** Identity of kernel and initramfs. */
  readonly key: string;
  readonly initramfs: string;
  /** What init loads before the payload runs. */
  readonly modules: readonly ModuleFile[];
  /** The initramfs of jobs whose guest is QEMU's. */
  readonly vmmImages: ReadonlyMap<VmmGuest, VmmImage>;
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
  const image = await busyGuestImage(compiler, signal);
  return {
    ...joined(kernel.key, image),
    image: kernel.image,
    modules: [],
    vmmImages: new Map(),
    commandLine: builtCommandLine,
    lacks: [],
    facts: kernel.facts,
    buildMs: kernel.buildMs,
    imageMs: Date.now() - start,
    log: kernel.log,
  };
}

/** A distribution's kernel from its packages, with the modules that KVM needs. */
export async function bootablePackages(
  kernel: KernelSpec,
  compiler: Compiler,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Bootable> {
  const files: string[] = [];
  const labels: string[] = [];
  for (const name of kernel.packages) {
    if (!name.startsWith('debian:') || !namesKernelPackage(name)) {
      files.push(name);
      continue;
    }
    const fetched = await debianPackages(name, signal, say);
    files.push(...fetched.files);
    labels.push(fetched.label);
  }
  say(`unpacking ${kernel.name}`);
  const distro = await openPackages(files, cacheDir('packages'), signal);
  const start = Date.now();
  const image = await busyGuestImage(compiler, signal, distro.modules);
  return {
    ...joined(distro.key, image),
    image: distro.image,
    modules: distro.modules,
    vmmImages: new Map(),
    commandLine: distro.commandLine,
    lacks: distro.missing,
    facts: { ...distro.facts, ...(labels.length > 0 && { kernel_source: labels.join(', ') }) },
    buildMs: 0,
    imageMs: Date.now() - start,
  };
}

/** The kernel that runs on a device: only the test program goes there. */
export async function bootableRunning(compiler: Compiler, signal: AbortSignal): Promise<Bootable> {
  const { path, key } = await compileProgram('busy-guest', compiler, signal);
  return {
    image: '',
    initramfs: '',
    program: path,
    key,
    commandLine: [],
    lacks: [],
    facts: { kernel_source: runningKernel },
    modules: [],
    vmmImages: new Map(),
    buildMs: 0,
    imageMs: 0,
  };
}

const joined = (kernelKey: string, image: Image): Pick<Bootable, 'key' | 'initramfs'> => ({
  key: `${kernelKey}-${image.key}`,
  initramfs: image.initramfs,
});
