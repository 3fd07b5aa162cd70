// SPDX-License-Identifier: MIT
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError, JobError } from '../model/errors.js';
import { digest } from '../system/files.js';
import { withScratch } from '../system/scratch.js';
import { diffText } from './diff-text.js';
import { gitScript } from './git.js';
import type { PinnedSource } from './pinned-source.js';
import { isInTree, linkFault, readTreeFile, writeTreeFiles, type TreeFile } from './tree-file.js';

/** One patch of a series: its file's name and its text. */
export interface Patch {
  readonly name: string;
  readonly text: string;
  /** As the mail had it, with its tags. */
  readonly subject?: string;
  /** `Name <address>`. */
  readonly from?: string;
  /** Of a commit of a repository: its id. */
  readonly commit?: string;
}

/** What came of trying a series on a source. */
export type SeriesResult =
  | { readonly applies: true; readonly files: ReadonlyMap<string, TreeFile | undefined> }
  | {
      readonly applies: false;
      readonly patch: string;
      readonly output: string;
      readonly reject: string;
    };

/** Identity of a series: what its patches change, and their order. The mails around them are for the record. */
export function seriesDigest(series: readonly Patch[]): string {
  return digest(...series.map(({ text }) => diffText(text)));
}

/** No series that changes a kernel writes more, bytes of one file. */
const largestFile = 256 * 1024 ** 2;

/** Forward it names what a patch leaves, backward what it found: a file that is renamed has two names. */
const listScript = `for patch; do
  git apply --numstat -z -- "$patch" && git apply --numstat -z -R -- "$patch"
  printf '%s\\0' -
done`;
/** Nothing is fuzzed: a hunk whose context has changed may no longer mean what its author meant. */
const applyScript = `how=$1; shift
for patch; do
  git apply --whitespace=nowarn $how -- "$patch" && continue
  echo "$patch"
  git apply --whitespace=nowarn $how --reject -- "$patch" 2>/dev/null
  exit 1
done`;

/** By the text of a patch. */
const listed = new Map<string, Promise<readonly string[]>>();

/**
 * The files that a series touches, as git reads it: all that it changes, makes, removes or renames. None outside the
 * tree; such a one does not apply. Empty for what is no patch.
 */
export async function touchedFiles(
  series: readonly Patch[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const texts = new Set(series.map(({ text }) => text).filter((text) => !listed.has(text)));
  const lists = listEach([...texts], signal);
  [...texts].forEach((text, index) => {
    const files = lists.then((all) => all[index] ?? []);
    files.catch(() => listed.delete(text));
    listed.set(text, files);
  });
  const names = await Promise.all(series.map(async ({ text }) => listed.get(text)));
  return [...new Set(names.flatMap((files) => files ?? []))].sort();
}

/** Of each patch the files that it touches, asked in one go. */
async function listEach(
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly (readonly string[])[]> {
  if (texts.length === 0) return [];
  return withScratch('patch', async (dir) => {
    const { stdout } = await gitScript(listScript, await writePatches(dir, texts), {
      stage: 'patch',
      signal,
      cage: { reads: [join(dir, 'patches')] },
    });
    const lists: string[][] = [[]];
    // "3\t1\tNAME", each with a NUL behind it: no name is quoted. "-" ends a patch.
    for (const record of stdout.split('\0')) {
      const [, name] = /^[\d-]+\t[\d-]+\t([^]+)$/.exec(record) ?? [];
      if (record === '-') lists.push([]);
      else if (name !== undefined && isInTree(name)) lists.at(-1)?.push(name);
    }
    return lists;
  });
}

async function writePatches(dir: string, texts: readonly string[]): Promise<string[]> {
  const patches = join(dir, 'patches');
  await mkdir(patches);
  // Everybody may read them, whatever the umask: nobody will.
  await chmod(patches, 0o755);
  return Promise.all(
    texts.map(async (text, index) => {
      const path = join(patches, String(index));
      await writeFile(path, text, { mode: 0o644 });
      return path;
    }),
  );
}

/**
 * Applies a series to copies of the files it touches. Nothing of the source changes; the patched
 * files are in the result (undefined: removed), or what git said and its reject.
 * @param way `out`: takes the series out instead, the last patch first
 */
export async function trySeries(
  source: Pick<PinnedSource, 'readFile' | 'readFiles'>,
  series: readonly Patch[],
  signal: AbortSignal,
  way: 'in' | 'out' = 'in',
): Promise<SeriesResult> {
  const names = await touchedFiles(series, signal);
  if (series.length === 0) return { applies: true, files: new Map() };
  return withScratch('patch', async (dir) => {
    const patches = await writePatches(
      dir,
      series.map(({ text }) => text),
    );
    const tree = join(dir, 'tree');
    await mkdir(tree);
    await writeTreeFiles(tree, await readAll(source, names, signal));
    const args = way === 'in' ? ['', ...patches] : ['-R', ...[...patches].reverse()];
    const { exitCode, stdout, stderr } = await gitScript(applyScript, args, {
      stage: 'patch',
      cwd: tree,
      signal,
      cage: { reads: [join(dir, 'patches')], writes: [tree], fileBytes: largestFile },
      okCodes: [0, 1],
    });
    if (exitCode === 0) return patched(tree, names, series);
    const [failed = ''] = stdout.split('\n', 1);
    const patch = series[patches.indexOf(failed)]?.name;
    if (patch === undefined) throw new InfraError('patch', `git apply: ${stderr.trim()}`);
    return { applies: false, patch, output: stderr.trim(), reject: await rejects(tree) };
  });
}

/** How many patches from the first on the source has already; the rest applies on top of them, or is none. */
export async function alreadyIn(
  source: Pick<PinnedSource, 'readFile' | 'readFiles'>,
  series: readonly Patch[],
  signal: AbortSignal,
): Promise<number> {
  for (let count = series.length; count > 0; count--) {
    const taken = await trySeries(source, series.slice(0, count), signal, 'out');
    if (taken.applies) return count;
  }
  return 0;
}

async function readAll(
  source: Pick<PinnedSource, 'readFile' | 'readFiles'>,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, TreeFile>> {
  if (source.readFiles) return source.readFiles(names, signal);
  const files = new Map<string, TreeFile>();
  for (const name of names) {
    const file = await source.readFile(name, signal);
    if (file !== undefined) files.set(name, file);
  }
  return files;
}

/** What git left. What it did not list it may not have written: one of two readers would have missed it. */
async function patched(
  tree: string,
  names: readonly string[],
  series: readonly Patch[],
): Promise<SeriesResult> {
  const refused = (output: string): SeriesResult => {
    const patch = series.map(({ name }) => name).join(', ');
    return { applies: false, patch, output: `refused: ${output}`, reject: '' };
  };
  const files = new Map<string, TreeFile | undefined>();
  for (const name of names) files.set(name, await readTreeFile(tree, name));
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(tree.length + 1);
    if (entry.isDirectory()) {
      // git writes a submodule as an empty folder.
      const isEmpty = (await readdir(join(tree, path))).length === 0;
      if (isEmpty && files.has(path)) return refused(`${path}: a submodule`);
    } else if (files.get(path) === undefined) {
      return refused(`${path}: neither a file nor a symbolic link`);
    }
  }
  for (const [path, file] of files) {
    const fault = file?.mode === '120000' ? linkFault(path, file.content.toString()) : undefined;
    if (fault !== undefined) return refused(fault);
  }
  return { applies: true, files };
}

async function rejects(dir: string): Promise<string> {
  const files = (await readdir(dir, { recursive: true })).filter((file) => file.endsWith('.rej'));
  const texts = await Promise.all(
    files.sort().map(async (file) => (await readTreeFile(dir, file))?.content.toString() ?? ''),
  );
  return texts.join('\n').trim();
}

/** The error of a series that does not apply: which patch, which hunks, and the reject. */
export function rejectError(kernel: string, result: SeriesResult & { applies: false }): JobError {
  const said = result.output.split('\n').slice(0, 20);
  const shown = [...said, ...result.reject.split('\n').slice(0, 40)].map((line) => `    ${line}`);
  return new JobError([
    { message: `kernel ${kernel}: ${result.patch} does not apply\n${shown.join('\n')}` },
  ]);
}
