// SPDX-License-Identifier: MIT
import type { Say } from '../model/event.js';
import { mkdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture } from '../architectures/architecture.js';
import { InfraError } from '../model/errors.js';
import { AptSuite, NotInArchiveError, type AptPackage } from '../system/apt.js';
import { use } from '../system/cache.js';
import { digest, makeFolderWhole, writeWhole } from '../system/files.js';
import { withLibraries } from '../system/library-packages.js';
import { withLock } from '../system/lock.js';
import { run } from '../system/processes.js';
import type { ImageFile } from './cpio.js';
import { libraryClosure, readDynamic, type Dynamic } from './elf.js';

/** Where the libraries of a triplet are. */
const libraryDirs = (triplet: string): string[] => [
  ...[`usr/lib/${triplet}`, `lib/${triplet}`],
  ...['usr/lib', 'lib'],
];

/** What is wanted of Debian's packages. */
export interface Wanted {
  /** The one of the machine under test. */
  readonly architecture: Architecture;
  /** Where in the cache what was unpacked is. */
  dir(...parts: readonly string[]): string;
  /** The packages of the programs, whose libraries are fetched too. */
  readonly packages: readonly string[];
  /** Packages of which only data is wanted. */
  readonly beside: readonly string[];
  /** Paths of programs and of libraries that nobody names, without a leading slash. */
  readonly programs: readonly string[];
  /** Paths of other files. */
  readonly data: readonly string[];
}

/** Programs for the machine under test: files of its initramfs, and what they came from. */
export interface DebianPrograms {
  readonly files: readonly ImageFile[];
  readonly key: string;
  readonly suite: string;
  /** Every package that was fetched, those that were asked for first. */
  readonly packages: readonly AptPackage[];
}

/**
 * Debian's own programs for an architecture with the libraries that they need, from Debian stable (from testing where
 * the archive lacks a file of it), kept in the cache. Nothing is installed. Throws InfraError.
 */
export async function debianPrograms(
  wanted: Wanted,
  signal: AbortSignal,
  say: Say,
): Promise<DebianPrograms> {
  const from = (name: string): Promise<DebianPrograms> => {
    const suite = new AptSuite(name, wanted.architecture.debian, signal);
    return suite.withNewLists(() => fromSuite(wanted, suite, signal, say));
  };
  try {
    return await from('stable');
  } catch (error) {
    if (!(error instanceof NotInArchiveError)) throw error;
    // A mirror may be behind a new point release of stable; testing has none.
    return from('testing');
  }
}

async function fromSuite(
  wanted: Wanted,
  suite: AptSuite,
  signal: AbortSignal,
  say: Say,
): Promise<DebianPrograms> {
  say(`looking for ${wanted.packages.join(', ')} in Debian ${suite.suite}`);
  const found = new Map<string, AptPackage>();
  for (const name of wanted.packages) {
    for (const pkg of await withLibraries(suite, name, wanted.beside)) found.set(pkg.name, pkg);
  }
  const packages = [...found.values()];
  const versions = packages.map(({ name, version }) => `${name} ${version}`);
  const key = digest(...versions).slice(0, 24);
  const root = wanted.dir(key);
  if (!(await use(root))) {
    await mkdir(wanted.dir(), { recursive: true });
    const onWait = (pid: number): void => say(`waiting for process ${pid}`);
    await withLock(`${root}.lock`, signal, onWait, async () => {
      if (!(await use(root))) await unpack(suite, packages, root, signal, say);
    });
  }
  return { files: await filesOf(root, wanted), key, suite: suite.suite, packages };
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

async function filesOf(
  root: string,
  { architecture, programs, data }: Wanted,
): Promise<ImageFile[]> {
  const { triplet, word } = architecture;
  const dynamics = await Promise.all(programs.map((path) => dynamicOf(join(root, path), word)));
  const needed = { needed: [...new Set(dynamics.flatMap((one) => one.needed))] };
  const { libraries, missing } = await libraryClosure(needed, (soname) =>
    findIn(root, soname, architecture),
  );
  const interpreter = dynamics.find((one) => one.interpreter !== undefined)?.interpreter;
  if (missing.length > 0 || interpreter === undefined) {
    const what = missing.join(', ') || 'the loader';
    throw new InfraError('image', `the packages of ${programs.join(', ')} do not hold ${what}`);
  }
  const loader = libraries.find(({ soname }) => interpreter.endsWith(`/${soname}`));
  const sources = [
    ...programs.map((path) => ({ path, from: join(root, path), mode: 0o755 })),
    ...data.map((path) => ({ path, from: join(root, path), mode: 0o644 })),
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
  { triplet, word }: Architecture,
): Promise<{ path: string; dynamic: Dynamic } | undefined> {
  for (const dir of libraryDirs(triplet)) {
    const path = await realpath(join(root, dir, soname)).catch(() => undefined);
    if (path !== undefined) return { path, dynamic: await dynamicOf(path, word) };
  }
  return undefined;
}

async function dynamicOf(path: string, word: string): Promise<Dynamic> {
  const dynamic = readDynamic(await readFile(path));
  if (dynamic === undefined) throw new InfraError('image', `${path} is no program for ${word}`);
  return dynamic;
}
