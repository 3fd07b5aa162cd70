// SPDX-License-Identifier: MIT
import { usualImage } from '../images/image.js';
import type { Compiler } from '../images/payload.js';
import { debianPackages, namesKernelPackage } from '../kernels/packages/debian-package.js';
import { openPackages } from '../kernels/packages/distro-kernel.js';
import type { Say } from '../model/event.js';
import type { KernelSpec } from '../model/job.js';
import { cacheDir } from '../system/files.js';
import { joined, type Bootable } from './bootable.js';

/** A distribution's kernel from its packages, with the modules that KVM needs. */
export async function bootablePackages(
  kernel: KernelSpec,
  compiler: Compiler,
  signal: AbortSignal,
  say: Say,
): Promise<Bootable> {
  const files: string[] = [];
  const labels: string[] = [];
  for (const name of kernel.packages) {
    if (!namesKernelPackage(name)) {
      files.push(name);
      continue;
    }
    const fetched = await debianPackages(name, signal, say);
    files.push(...fetched.files);
    labels.push(fetched.label);
  }
  say(`unpacking ${kernel.name}`);
  const distro = await openPackages(files, cacheDir('packages'), signal, compiler.architecture);
  const start = Date.now();
  const image = await usualImage(compiler, signal, distro.modules);
  return {
    ...joined(distro.key, image),
    image: distro.image,
    modules: distro.modules,
    otherImages: new Map(),
    commandLine: distro.commandLine,
    lacks: distro.missing,
    facts: { ...distro.facts, ...(labels.length > 0 && { kernel_source: labels.join(', ') }) },
    buildMs: 0,
    imageMs: Date.now() - start,
  };
}
