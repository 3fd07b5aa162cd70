// SPDX-License-Identifier: MIT
import type { Say } from '../model/event.js';
import { cacheDir } from '../system/files.js';
import type { ImageFile } from './cpio.js';
import { debianPrograms, type Wanted } from './debian-programs.js';

/** With the firmware of the pseries machine with x-vof=on. */
const wanted: Wanted = {
  dir: (...parts) => cacheDir('guest-qemu', ...parts),
  packages: ['qemu-system-ppc'],
  beside: ['qemu-system-data'],
  programs: ['usr/bin/qemu-system-ppc64'],
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
