// SPDX-License-Identifier: MIT
import { mkdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../model/errors.js';
import type { Say } from '../model/event.js';
import { AptSuite, NotInArchiveError, type AptPackage } from '../system/apt.js';
import { use } from '../system/cache.js';
import { cacheDir, digest, makeFolderWhole, writeWhole } from '../system/files.js';
import { withLibraries } from '../system/library-packages.js';
import { withLock } from '../system/lock.js';
import { run } from '../system/processes.js';
import type { ImageFile } from './cpio.js';
import { libraryClosure, readDynamic, type Dynamic } from './elf.js';

/** Debian's name for ppc64le, and what its libraries' folder is called. */
const architecture = 'ppc64el';
const triplet = 'powerpc64le-linux-gnu';
const program = 'usr/bin/qemu-system-ppc64';
/** Firmware of the pseries machine with x-vof=on. */
const firmware = 'usr/share/qemu/vof.bin';
const libraryDirs = [`usr/lib/${triplet}`, `lib/${triplet}`, 'usr/lib', 'lib'];

/** A QEMU for the machine under test: files of its initramfs, and what they came from. */
export interface GuestQemu {
  readonly files: readonly ImageFile[];
  readonly key: string;
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * Debian's own qemu-system-ppc for ppc64el with the libraries that it needs, from Debian stable (from testing where
 * the archive lacks a file of it), kept in the cache. Nothing is installed. Throws InfraError.
 */
export async function debianQemu(signal: AbortSignal, say: Say): Promise<GuestQemu> {
  const from = (name: string): Promise<GuestQemu> => {
    const suite = new AptSuite(name, architecture, signal);
    return suite.withNewLists(() => fromSuite(suite, signal, say));
  };
  try {
    return await from('stable');
  } catch (error) {
    if (!(error instanceof NotInArchiveError)) throw error;
    // A mirror may be behind a new point release of stable; testing has none.
    return from('testing');
  }
}

async function fromSuite(suite: AptSuite, signal: AbortSignal, say: Say): Promise<GuestQemu> {
  say(`looking for qemu-system-ppc in Debian ${suite.suite}`);
  const packages = await withLibraries(suite, 'qemu-system-ppc', ['qemu-system-data']);
  const versions = packages.map(({ name, version }) => `${name} ${version}`);
  const key = digest(...versions).slice(0, 24);
  const root = cacheDir('guest-qemu', key);
  if (!(await use(root))) {
    await mkdir(cacheDir('guest-qemu'), { recursive: true });
    const onWait = (pid: number): void => say(`waiting for process ${pid}`);
    await withLock(`${root}.lock`, signal, onWait, async () => {
      if (!(await use(root))) await unpack(suite, packages, root, signal, say);
    });
  }
  const qemu = packages[0]?.version ?? '';
  return {
    files: await filesOf(root),
    key,
    facts: { vmm: `Debian qemu-system-ppc ${qemu} (${suite.suite}, ${architecture})` },
  };
}

async function unpack(
  suite: AptSuite,
  packages: readonly AptPackage[],
  root: string,
  signal: AbortSignal,
  say: Say,
): Promise<void> {
  await makeFolderWhole(root, async (dir) => {
    for (const pkg of packages) {
      const deb = await suite.download(pkg, say);
      await run(['dpkg-deb', '-x', deb, dir], { stage: 'image', signal });
      await suite.forget(deb);
    }
    const versions = packages.map(({ name, version }) => `${name} ${version}\n`);
    await writeWhole(join(dir, 'packages.txt'), versions.join(''));
  });
}

async function filesOf(root: string): Promise<ImageFile[]> {
  const qemu = join(root, program);
  const { interpreter, ...rest } = await dynamicOf(qemu);
  const { libraries, missing } = await libraryClosure(rest, (soname) => findIn(root, soname));
  if (missing.length > 0 || interpreter === undefined) {
    const what = missing.join(', ') || 'its loader';
    throw new InfraError('image', `the packages of ${program} do not hold ${what}`);
  }
  const loader = libraries.find(({ soname }) => interpreter.endsWith(`/${soname}`));
  const sources = [
    { path: program, from: qemu, mode: 0o755 },
    { path: firmware, from: join(root, firmware), mode: 0o644 },
    { path: interpreter.slice(1), from: loader?.path ?? join(root, interpreter), mode: 0o755 },
    ...libraries.map(({ soname, path }) => ({
      path: `usr/lib/${triplet}/${soname}`,
      from: path,
      mode: 0o755,
    })),
  ];
  return Promise.all(
    sources.map(async ({ path, from, mode }) => ({ path, mode, data: await readFile(from) })),
  );
}

async function findIn(
  root: string,
  soname: string,
): Promise<{ path: string; dynamic: Dynamic } | undefined> {
  for (const dir of libraryDirs) {
    const path = await realpath(join(root, dir, soname)).catch(() => undefined);
    if (path !== undefined) return { path, dynamic: await dynamicOf(path) };
  }
  return undefined;
}

async function dynamicOf(path: string): Promise<Dynamic> {
  const dynamic = readDynamic(await readFile(path));
  if (dynamic === undefined) throw new InfraError('image', `${path} is no program for ppc64le`);
  return dynamic;
}
