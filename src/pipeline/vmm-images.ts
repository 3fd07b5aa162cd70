// SPDX-License-Identifier: MIT
import type { Compiler } from '../images/payload.js';
import { vmmImage, type VmmImage } from '../images/vmm.js';
import type { Job, JobMatrix } from '../model/job.js';
import type { VmmGuest } from '../payload/image-recipe.js';
import { programOf } from '../payload/registry.js';
import type { Bootable } from './bootable.js';

/** The guest of QEMU that a job asks for; undefined where the payload runs the guest itself. */
export function vmmGuestOf(job: Job): VmmGuest | undefined {
  return programOf(job.test).machine.image(job.test.parameters).vmm;
}

/** The guests of QEMU that a kernel's jobs ask for. */
export function vmmGuestsFor(matrix: JobMatrix, kernel: string): readonly VmmGuest[] {
  const jobs = matrix.jobs.filter((job) => job.kernel.name === kernel);
  return [...new Set(jobs.flatMap((job) => vmmGuestOf(job) ?? []))];
}

/** The kernel with an initramfs more for each guest of QEMU. Throws InfraError. */
export async function withVmmImages(
  kernel: Bootable,
  guests: readonly VmmGuest[],
  compiler: Compiler,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Bootable> {
  const vmmImages = new Map<VmmGuest, VmmImage>();
  for (const guest of guests) {
    const image = await vmmImage(guest, kernel.image, kernel.modules, compiler, signal, say);
    vmmImages.set(guest, image);
  }
  return { ...kernel, vmmImages };
}
