// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, readFile, rm, writeFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { JobError } from '../model/errors.js';
import { digest, exists, filesIn, isFolder } from '../system/files.js';
import { run } from '../system/processes.js';
import type { PinnedSource } from './pinned-source.js';

/** One patch of a series: its file's name and its text. */
export interface Patch {
  readonly name: string;
  readonly text: string;
}

/** What came of trying a series on a source. */
export type SeriesResult =
  | { readonly applies: true; readonly files: ReadonlyMap<string, Buffer | undefined> }
  | {
      readonly applies: false;
      readonly patch: string;
      readonly output: string;
      readonly reject: string;
    };

/** Reads a patch file, or the patches of a folder in the order of their names. Throws JobError. */
export async function readSeries(path: string): Promise<Patch[]> {
  const files = (await isFolder(path))
    ? (await filesIn(path)).filter((file) => /\.(patch|diff)$/.test(file))
    : [path];
  if (files.length === 0 || !(await exists(path))) {
    throw new JobError([
      {
        message: `${path}: no patches`,
        hint: 'a .patch file, or a folder with such files, is needed',
      },
    ]);
  }
  return Promise.all(
    files.map(async (file) => ({ name: basename(file), text: await readFile(file, 'utf8') })),
  );
}

/** Identity of a series: the content of its patches and their order. */
export function seriesDigest(series: readonly Patch[]): string {
  return digest(...series.map((patch) => patch.text));
}

/** The files that a patch touches, as its `---` and `+++` lines name them (first folder cut, as -p1). */
export function touchedFiles(patch: Patch): string[] {
  const names = [...patch.text.matchAll(/^(?:---|\+\+\+) [^/\s]+\/([^\t\n]+?)(?:\t.*)?$/gm)].map(
    (match) => match[1] ?? '',
  );
  return [...new Set(names)].filter((name) => !name.split('/').includes('..'));
}

/**
 * Applies a series to copies of the files it touches. Nothing of the source changes; the patched
 * files are in the result (undefined: removed), or what `patch` said and its reject.
 */
export async function trySeries(
  source: PinnedSource,
  series: readonly Patch[],
  signal: AbortSignal,
): Promise<SeriesResult> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-patch-'));
  try {
    const names = [...new Set(series.flatMap(touchedFiles))].sort();
    for (const name of names) {
      const content = await source.readFile(name, signal);
      if (content === undefined) continue;
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await writeFile(join(dir, name), content);
    }
    for (const patch of series) {
      const failed = await applyOne(dir, patch, signal);
      if (failed) return failed;
    }
    const files = new Map<string, Buffer | undefined>();
    for (const name of names) {
      files.set(name, await readFile(join(dir, name)).catch(() => undefined));
    }
    return { applies: true, files };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function applyOne(
  dir: string,
  patch: Patch,
  signal: AbortSignal,
): Promise<SeriesResult | undefined> {
  // No fuzz: a hunk whose context has changed may no longer mean what its author meant.
  const argv = ['patch', '-p1', '--batch', '--forward', '--fuzz=0', '--no-backup-if-mismatch'];
  const { exitCode, stdout } = await run(argv, {
    stage: 'patch',
    cwd: dir,
    signal,
    input: patch.text,
    okCodes: [0, 1],
  });
  if (exitCode === 0) return undefined;
  return { applies: false, patch: patch.name, output: stdout.trim(), reject: await rejects(dir) };
}

async function rejects(dir: string): Promise<string> {
  const files = (await readdir(dir, { recursive: true })).filter((file) => file.endsWith('.rej'));
  const texts = await Promise.all(files.sort().map((file) => readFile(join(dir, file), 'utf8')));
  return texts.join('\n').trim();
}

/** Puts the patched files over a private copy of the source. */
export async function writePatched(
  dir: string,
  files: ReadonlyMap<string, Buffer | undefined>,
): Promise<void> {
  for (const [name, content] of files) {
    const path = join(dir, name);
    // The copy shares its files with the source by hard links: take the name away first.
    await rm(path, { force: true });
    if (content === undefined) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

/** The error of a series that does not apply: which patch, which hunks, and the reject. */
export function rejectError(kernel: string, result: SeriesResult & { applies: false }): JobError {
  const hunks = result.output
    .split('\n')
    .filter((line) => /FAILED|can't find|malformed|No file/.test(line));
  const shown = [...hunks, ...result.reject.split('\n').slice(0, 40)].map((line) => `    ${line}`);
  return new JobError([
    { message: `kernel ${kernel}: ${result.patch} does not apply\n${shown.join('\n')}` },
  ]);
}
