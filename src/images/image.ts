// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { cacheDir, digest, exists, writeWhole } from '../system/files.js';
import { packInitramfs } from './cpio.js';
import { compileProgram, type Compiler } from './payload.js';

/** An initramfs that runs the test as PID 1's child, and its identity. */
export interface Image {
  readonly initramfs: string;
  readonly key: string;
}

/** The initramfs with the busy-guest payload; made once for the same sources and compiler. */
export async function busyGuestImage(compiler: Compiler, signal: AbortSignal): Promise<Image> {
  const [init, payload] = [
    await compileProgram('init', compiler, signal),
    await compileProgram('busy-guest', compiler, signal),
  ];
  const key = digest(init.key, payload.key).slice(0, 24);
  const initramfs = cacheDir('images', `busy-guest-${key}.cpio`);
  if (!(await exists(initramfs))) {
    const files = [
      { path: 'init', data: await readFile(init.path), mode: 0o755 },
      { path: 'busy-guest', data: await readFile(payload.path), mode: 0o755 },
    ];
    await writeWhole(initramfs, packInitramfs(files));
  }
  return { initramfs, key };
}
