// SPDX-License-Identifier: MIT
import { powerpc } from '../architectures/powerpc/architecture.js';
import type { Say } from '../model/event.js';
import { cacheDir } from '../system/files.js';
import type { ImageFile } from './cpio.js';
import { debianPrograms, type Wanted } from './debian-programs.js';

/** With the firmware of the pseries machine with x-vof=on: QEMU as the guest's user is there for POWER only. */
const wanted: Wanted = {
  architecture: powerpc,
  dir: (...parts) => cacheDir('guest-qemu', ...parts),
  packages: [powerpc.qemu.packages.apt],
  beside: ['qemu-system-data'],
  programs: [`usr/bin/${powerpc.qemu.program}`],
  data: ['usr/share/qemu/vof.bin'],
};

/** A QEMU for the machine under test: files of its initramfs, and what they came from. */
export interface GuestQemu {
  readonly files: readonly ImageFile[];
  readonly key: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** Debian's own qemu-system-ppc for ppc64el with the libraries that it needs. Throws InfraError. */
export async function debianQemu(signal: AbortSignal, say: Say): Promise<GuestQemu> {
  const { files, key, suite, packages } = await debianPrograms(wanted, signal, say);
  const { version = '', architecture = '' } = packages[0] ?? {};
  return {
    files,
    key,
    facts: { vmm: `Debian qemu-system-ppc ${version} (${suite}, ${architecture})` },
  };
}
