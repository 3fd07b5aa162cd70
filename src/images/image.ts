// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { initStarts, usualProgram } from '../payload/image-recipe.js';
import { use } from '../system/cache.js';
import { cacheDir, digest, writeWhole } from '../system/files.js';
import { seal } from '../system/sealed.js';
import { packInitramfs, type ImageFile } from './cpio.js';
import { compileProgram, type Compiler } from './payload.js';

/** An initramfs that runs the test as PID 1's child, and its identity. */
export interface Image {
  readonly initramfs: string;
  readonly key: string;
}

/** A kernel module as a file. */
export interface ModuleFile {
  /** File name in the initramfs. */
  readonly name: string;
  readonly path: string;
}

/** More files for an initramfs, and their identity. */
export interface ExtraFiles {
  readonly files: readonly ImageFile[];
  readonly key: string;
}

/** The initramfs with the usual test program. */
export const usualImage = (
  compiler: Compiler,
  signal: AbortSignal,
  modules?: readonly ModuleFile[],
  extra?: ExtraFiles,
): Promise<Image> => programImage(usualProgram, compiler, signal, modules, extra);

/**
 * An initramfs with a program of guest-images/; made once for the same sources, compiler, modules and
 * extra files. init loads the modules in the given order before the program runs.
 */
export async function programImage(
  program: string,
  compiler: Compiler,
  signal: AbortSignal,
  modules: readonly ModuleFile[] = [],
  extra: ExtraFiles = { files: [], key: '' },
): Promise<Image> {
  const [init, payload] = [
    await compileProgram('init', compiler, signal),
    await compileProgram(program, compiler, signal),
  ];
  const moduleFiles = await readModules(modules);
  const moduleKeys = moduleFiles.flatMap(({ path, data }) => [path, data]);
  const extraKeys = extra.key === '' ? [] : [extra.key];
  const key = digest(init.key, payload.key, ...moduleKeys, ...extraKeys).slice(0, 24);
  const initramfs = cacheDir('images', `${program}-${key}.cpio`);
  if (!(await use(initramfs))) {
    const files = [
      { path: 'init', data: await readFile(init.path), mode: 0o755 },
      { path: initStarts, data: await readFile(payload.path), mode: 0o755 },
      ...moduleFiles,
      ...extra.files,
    ];
    await writeWhole(initramfs, packInitramfs(files));
    await seal(initramfs);
  }
  return { initramfs, key };
}

async function readModules(modules: readonly ModuleFile[]): Promise<ImageFile[]> {
  if (modules.length === 0) return [];
  const files = modules.map(async ({ name, path }) => ({
    path: `modules/${name}`,
    data: await readFile(path),
    mode: 0o644,
  }));
  const order = modules.map(({ name }) => `${name}\n`).join('');
  return [
    ...(await Promise.all(files)),
    { path: 'modules/order', data: Buffer.from(order), mode: 0o644 },
  ];
}
