// SPDX-License-Identifier: MIT
import type { Say } from '../model/event.js';
import { readFile } from 'node:fs/promises';
import type { VmmGuest } from '../payload/image-recipe.js';
import { digest, digestFile } from '../system/files.js';
import { packInitramfs, type ImageFile } from './cpio.js';
import { debianQemu } from './debian-qemu.js';
import { usualImage, type Image, type ModuleFile } from './image.js';
import { compileProgram, type Compiler } from './payload.js';

/** An initramfs with QEMU and a guest for it. */
export interface VmmImage extends Image {
  readonly facts: Readonly<Record<string, string>>;
}

/** What the guest's files are called, for the payload's default --vmm-files. */
const guestDir = 'guest';

/**
 * The payload's initramfs with Debian's QEMU for ppc64el in it. A Linux guest boots `kernel`, an image,
 * and an init that counts. Throws InfraError.
 */
export async function vmmImage(
  guest: VmmGuest,
  kernel: string,
  modules: readonly ModuleFile[],
  compiler: Compiler,
  signal: AbortSignal,
  say: Say,
): Promise<VmmImage> {
  const qemu = await debianQemu(signal, say);
  const linux = guest === 'linux' ? await linuxGuest(kernel, compiler, signal) : noGuest;
  say('packing QEMU');
  const extra = { files: [...qemu.files, ...linux.files], key: digest(qemu.key, linux.key) };
  const image = await usualImage(compiler, signal, modules, extra);
  return { ...image, facts: qemu.facts };
}

/** A bare guest comes out of the payload itself. */
const noGuest = { files: [], key: '' };

async function linuxGuest(
  kernel: string,
  compiler: Compiler,
  signal: AbortSignal,
): Promise<{ files: readonly ImageFile[]; key: string }> {
  const init = await compileProgram('spin-init', compiler, signal);
  const initrd = packInitramfs([{ path: 'init', data: await readFile(init.path), mode: 0o755 }]);
  return {
    files: [
      { path: `${guestDir}/vmlinux`, data: await readFile(kernel), mode: 0o644 },
      { path: `${guestDir}/initrd`, data: initrd, mode: 0o644 },
    ],
    key: digest(init.key, await digestFile(kernel)),
  };
}
