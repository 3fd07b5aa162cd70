// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { JobError } from '../model/errors.js';
import { digest } from '../system/files.js';
import { run } from '../system/processes.js';
import { diffText } from './diff-text.js';
import type { PinnedSource } from './pinned-source.js';

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
  | { readonly applies: true; readonly files: ReadonlyMap<string, Buffer | undefined> }
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

/** The files that a patch touches, as its `---` and `+++` lines name them (first folder cut, as -p1). */
export function touchedFiles(patch: Patch): string[] {
  const names = [...patch.text.matchAll(/^(?:---|\+\+\+) [^/\s]+\/([^\t\n]+?)(?:\t.*)?$/gm)].map(
    (match) => match[1] ?? '',
  );
  const renamed = [...patch.text.matchAll(/^(?:rename|copy) (?:from|to) (.+)$/gm)].map(
    (match) => match[1] ?? '',
  );
  const all = [...new Set([...names, ...renamed])];
  return all.filter((name) => !name.startsWith('/') && !name.split('/').includes('..'));
}

/**
 * Applies a series to copies of the files it touches. Nothing of the source changes; the patched
 * files are in the result (undefined: removed), or what `patch` said and its reject.
 * @param way `out`: takes the series out instead, the last patch first
 */
export async function trySeries(
  source: Pick<PinnedSource, 'readFile'>,
  series: readonly Patch[],
  signal: AbortSignal,
  way: 'in' | 'out' = 'in',
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
    for (const patch of way === 'in' ? series : [...series].reverse()) {
      const failed = await applyOne(dir, patch, signal, way);
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

/** How many patches from the first on the source has already; the rest applies on top of them, or is none. */
export async function alreadyIn(
  source: Pick<PinnedSource, 'readFile'>,
  series: readonly Patch[],
  signal: AbortSignal,
): Promise<number> {
  for (let count = series.length; count > 0; count--) {
    const taken = await trySeries(source, series.slice(0, count), signal, 'out');
    if (taken.applies) return count;
  }
  return 0;
}

async function applyOne(
  dir: string,
  patch: Patch,
  signal: AbortSignal,
  way: 'in' | 'out',
): Promise<SeriesResult | undefined> {
  // --batch alone would turn a patch round where that fits better.
  const how = way === 'in' ? ['--batch', '--forward'] : ['--force', '--reverse'];
  // No fuzz: a hunk whose context has changed may no longer mean what its author meant.
  const argv = ['patch', '-p1', ...how, '--fuzz=0', '--no-backup-if-mismatch'];
  const { exitCode, stdout, stderr } = await run(argv, {
    stage: 'patch',
    cwd: dir,
    signal,
    input: patch.text,
    // 2: not a patch, or a damaged one.
    okCodes: [0, 1, 2],
  });
  if (exitCode === 0) return undefined;
  const output = `${stdout.trim()}\n${stderr.trim()}`.trim();
  return { applies: false, patch: patch.name, output, reject: await rejects(dir) };
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
    const mode = await stat(path).then(
      (found) => found.mode,
      () => undefined,
    );
    // The copy shares its files with the source by hard links: take the name away first.
    await rm(path, { force: true });
    if (content === undefined) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, mode === undefined ? {} : { mode });
  }
}

/** The error of a series that does not apply: which patch, which hunks, and the reject. */
export function rejectError(kernel: string, result: SeriesResult & { applies: false }): JobError {
  const hunks = result.output
    .split('\n')
    .filter((line) =>
      /FAILED|can't find|malformed|garbage|not supported|No file|\*\*\*\*/.test(line),
    );
  const shown = [...hunks, ...result.reject.split('\n').slice(0, 40)].map((line) => `    ${line}`);
  return new JobError([
    { message: `kernel ${kernel}: ${result.patch} does not apply\n${shown.join('\n')}` },
  ]);
}
