// SPDX-License-Identifier: MIT
import { basename, dirname, join, relative } from 'node:path';
import { exists, readIfThere, writeWhole } from '../system/files.js';
import { run } from '../system/processes.js';
import { touchedFiles, type Patch } from './series.js';
import { archiver, type Toolchain } from './toolchain.js';
import { readBuilt } from './tree-file.js';

/** Where a kernel was built. `obj` lies in `tree`, and what was compiled names the tree's files by `../`. */
interface Built {
  readonly tree: string;
  readonly obj: string;
  readonly toolchain: Toolchain;
}

/**
 * The files of the source that a built kernel is made of, by kbuild's own dependencies: sources and headers of what is
 * linked, of what that includes as a whole (the vDSO) and of the programs of the build; and all files of Kconfig.
 */
export async function compiledFiles(built: Built, signal: AbortSignal): Promise<string[]> {
  const { obj } = built;
  // Not readdir: it would go through the link to the source.
  const find = ['find', '.', '-type', 'f', '(', '-name', '.*.cmd', '-o', '-name', 'lib.a', ')'];
  const argv = [...find, '-printf', '%P\\0'];
  const { stdout } = await run(argv, { stage: 'build', cwd: obj, signal });
  const names = stdout.split('\0').filter(Boolean);
  const linked = await linkedObjects(built, names, signal);
  const used = new Set<string>();
  const targets = names.flatMap((name) => {
    const [, target] = /^\.(.+)\.cmd$/.exec(basename(name)) ?? [];
    return target === undefined ? [] : [join(dirname(name), target)];
  });
  // A shared object, a host program: its command names its objects.
  for (const target of targets.filter((one) => !/\.[oa]$/.test(one))) {
    for (const word of await wordsOf(obj, target)) {
      if (word.startsWith('../')) used.add(word.slice(3));
      else if (word.endsWith('.o')) linked?.add(word);
    }
  }
  // An object that is left of an older config is no part of the kernel.
  for (const target of targets.filter((one) => one.endsWith('.o') && linked?.has(one) !== false)) {
    for (const word of await wordsOf(obj, target)) {
      if (word.startsWith('../')) used.add(word.slice(3));
    }
  }
  const kconfig = (await readBuilt(obj, 'include/config/auto.conf.cmd')) ?? '';
  const listed = /^deps_config := \\\n((?:[ \t].*\n)*)/m.exec(kconfig)?.[1] ?? '';
  for (const word of listed.split(/[\s\\]+/)) if (word !== '') used.add(word);
  return [...used].sort();
}

/** How kbuild made something, and from which files: the words of what it wrote of that. */
async function wordsOf(obj: string, target: string): Promise<string[]> {
  const file = join(dirname(target), `.${basename(target)}.cmd`);
  return ((await readBuilt(obj, file)) ?? '').split(/[\s\\;()']+/);
}

/** The objects that vmlinux is linked of; undefined where they are in no archive (before 6.1). */
async function linkedObjects(
  { obj, toolchain }: Built,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Set<string> | undefined> {
  if (!(await exists(join(obj, 'vmlinux.a')))) return undefined;
  const libraries = names.filter((name) => basename(name) === 'lib.a');
  const objects = new Set<string>();
  for (const archive of ['vmlinux.a', ...libraries]) {
    const argv = [archiver(toolchain), 't', archive];
    // An archive that a stranger's build has made, whose members are named as he likes.
    const cage = { reads: [obj], programs: [archiver(toolchain)], trusted: true };
    const { stdout } = await run(argv, { stage: 'build', cwd: obj, signal, cage });
    for (const line of stdout.split('\n').filter(Boolean)) {
      objects.add(line.startsWith('/') ? relative(obj, line) : line);
    }
  }
  return objects;
}

const listFile = (dir: string): string => join(dir, 'compiled');

/** Keeps the list beside the kernel. @param dir the kernel's */
export const writeCompiled = (dir: string, files: readonly string[]): Promise<void> =>
  writeWhole(listFile(dir), files.map((file) => `${file}\n`).join(''));

/** The list of a kernel in the cache; undefined for one that was built before there were such lists. */
export async function readCompiled(dir: string): Promise<readonly string[] | undefined> {
  return (await readIfThere(listFile(dir)))?.split('\n').filter(Boolean);
}

/** What of a series a kernel does not contain; empty without patches. Names are those of Patch. */
export async function coverageFacts(
  patches: readonly Patch[],
  compiled: readonly string[],
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const all = new Set(compiled);
  const folders = new Set(compiled.map((path) => dirname(path)));
  const touched = await Promise.all(
    patches.map(async (patch) => ({ patch, paths: await touchedFiles([patch], signal) })),
  );
  const gone = removedFiles(touched);
  const isIn = (path: string): boolean =>
    gone.has(path) || all.has(path) || (isMakefile(path) && folders.has(dirname(path)));
  const files = [...new Set(touched.flatMap(({ paths }) => paths))].filter(
    (path) => !gone.has(path),
  );
  const missing = files.filter((path) => !isIn(path));
  if (files.length === 0) return {};
  const inPart = touched.filter(({ paths }) => paths.some((path) => !isIn(path)));
  return {
    files_not_compiled: describeFiles(missing, files.length),
    ...(inPart.length > 0 && {
      patches_not_compiled: inPart.map(({ patch }) => patch.name).join(' '),
    }),
  };
}

const isMakefile = (path: string): boolean => /^(?:Makefile|Kbuild)/.test(basename(path));

/** Files that a series takes away: no build could compile them. */
function removedFiles(
  touched: readonly { readonly patch: Patch; readonly paths: readonly string[] }[],
): Set<string> {
  const gone = new Set<string>();
  for (const { patch, paths } of touched) {
    for (const path of paths) gone.delete(path);
    const removed = /^--- [^/\s]+\/([^\t\n]+?)(?:\t.*)?\n\+\+\+ \/dev\/null/gm;
    for (const [, path = ''] of patch.text.matchAll(removed)) gone.add(path);
  }
  return gone;
}

/** The most folders that are named. */
const mostFolders = 8;

/** `none of 3`, `2 of 5: arch/x86/kvm (1), net/core (1)`. */
function describeFiles(missing: readonly string[], total: number): string {
  if (missing.length === 0) return `none of ${total}`;
  const counts = new Map<string, number>();
  for (const path of missing) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  const rows = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const named = rows.slice(0, mostFolders).map(([folder, count]) => `${folder} (${count})`);
  const more = rows.length > mostFolders ? [`${rows.length - mostFolders} more folders`] : [];
  return `${missing.length} of ${total}: ${[...named, ...more].join(', ')}`;
}
