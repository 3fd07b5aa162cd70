// SPDX-License-Identifier: MIT
import type { Architecture } from '../architectures/architecture.js';
import { InfraError } from '../model/errors.js';
import type { Say } from '../model/event.js';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { use } from '../system/cache.js';
import { cacheDir, digest, projectDir, writeWhole } from '../system/files.js';
import { seal } from '../system/sealed.js';
import { initStarts } from '../payload/image-recipe.js';
import { packInitramfs, type ImageFile } from './cpio.js';
import { debianPrograms, type Wanted } from './debian-programs.js';
import type { Image } from './image.js';
import { compileProgram, type Compiler } from './payload.js';

/** What run_kselftest.sh and the scripts among the tests need of a system; busybox is the rest of it. */
const wantedFor = (architecture: Architecture): Wanted => ({
  architecture,
  dir: (...parts) => cacheDir('guest-programs', ...parts),
  packages: ['bash', 'coreutils', 'busybox'],
  beside: [],
  programs: [
    ...['usr/bin/bash', 'usr/bin/busybox', 'usr/bin/timeout', 'usr/bin/stdbuf', 'usr/bin/env'],
    'usr/libexec/coreutils/libstdbuf.so',
    // What tests are linked with beside the C library itself.
    ...['libm.so.6', 'librt.so.1', 'libpthread.so.0', 'libdl.so.2', 'libgcc_s.so.1'].map(
      (name) => `usr/lib/${architecture.triplet}/${name}`,
    ),
  ],
  data: [],
});

/** Selftests that were built and installed. */
export interface Installed {
  /** The folder with run_kselftest.sh. A stranger's: no link in it is followed. */
  readonly dir: string;
  readonly key: string;
}

/**
 * An initramfs that runs some of a tree's selftests, by the tree's own run_kselftest.sh. Throws InfraError.
 * @param tests as the list of the installed tests names them
 */
export async function selftestsImage(
  { dir, key: installed }: Installed,
  tests: readonly string[],
  compiler: Compiler,
  signal: AbortSignal,
  say: Say,
): Promise<Image & { readonly facts: Readonly<Record<string, string>> }> {
  const init = await compileProgram('init', compiler, signal);
  const start = await readFile(join(projectDir, 'guest-images/kselftest/start.sh'));
  const system = await debianPrograms(wantedFor(compiler.architecture), signal, say);
  const key = digest(init.key, start, system.key, installed, tests.join('\n')).slice(0, 24);
  const initramfs = cacheDir('images', `kselftest-${key}.cpio`);
  if (!(await use(initramfs))) {
    say('packing the selftests');
    const links = { 'bin/sh': 'busybox', 'bin/bash': '../usr/bin/bash' };
    const selected = Buffer.from(tests.map((test) => `${test}\n`).join(''));
    const files: ImageFile[] = [
      { path: 'init', data: await readFile(init.path), mode: 0o755 },
      { path: initStarts, data: start, mode: 0o755 },
      ...system.files.filter(({ path }) => path !== 'usr/bin/busybox'),
      ...system.files.flatMap((file) =>
        file.path === 'usr/bin/busybox' ? [{ ...file, path: 'bin/busybox' }] : [],
      ),
      ...Object.entries(links).map(([path, link]) => ({ path, link, data: none, mode: 0o777 })),
      ...(await installedFiles(dir, 'kselftest')),
      { path: 'kselftest/selected', data: selected, mode: 0o644 },
    ];
    await writeWhole(initramfs, packInitramfs(files));
    await seal(initramfs);
  }
  const versions = system.packages.map(({ name, version }) => `${name} ${version}`);
  return {
    initramfs,
    key,
    facts: { kselftest_system: `Debian ${system.suite}: ${versions.join(', ')}` },
  };
}

const none = new Uint8Array();

/** The selftests of powerpc have 40 MB. */
const mostBytes = 512 * 1024 ** 2;
/** All selftests of 7.2 together have 5,122 files of source. */
const mostFiles = 20_000;

/**
 * Every file and link of installed selftests, as a file of the image. The tree's code has made them: links are taken as
 * they are and never followed, other things left out. Throws InfraError for what is no folder, has no end or names that
 * cannot be told.
 */
export async function installedFiles(dir: string, path: string): Promise<ImageFile[]> {
  const refused = (why: string): InfraError =>
    new InfraError('selftests', `what the tree's selftests installed ${why}`);
  if (!(await lstat(dir)).isDirectory()) throw refused('is not a folder');
  let [bytesLeft, filesLeft] = [mostBytes, mostFiles];
  const below = async (from: string, to: string): Promise<ImageFile[]> => {
    if (--filesLeft < 0) throw refused(`has more than ${mostFiles} files`);
    const state = await lstat(from);
    const mode = state.mode & 0o777;
    if (state.isSymbolicLink()) return [{ path: to, data: none, mode, link: await readlink(from) }];
    if (state.isDirectory()) {
      const files: ImageFile[] = [];
      for (const name of (await readdir(from)).sort())
        files.push(...(await below(join(from, name), `${to}/${name}`)));
      return files;
    }
    bytesLeft -= state.size;
    if (bytesLeft < 0) throw refused(`has more than ${mostBytes / 1024 ** 2} MiB`);
    return state.isFile() ? [{ path: to, data: await readFile(from), mode }] : [];
  };
  try {
    return await below(dir, path);
  } catch (error) {
    // A name that is no text, or a path that is too long.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENAMETOOLONG')
      throw refused(`has a file that cannot be read: ${code}`);
    throw error;
  }
}
