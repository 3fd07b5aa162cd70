// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { withNearestFile } from '../documents/nearest-file.js';
import { commitOf } from '../kernels/git-bisect.js';
import { git } from '../kernels/git.js';
import { readSeries } from '../kernels/read-series.js';
import { alreadyIn, rejectError, trySeries, type Patch } from '../kernels/series.js';
import { kernelSource } from '../kernels/source.js';
import { assertMayRun } from '../kernels/trusted.js';
import { isTarball } from '../kernels/tarball-source.js';
import { JobError, UsageError } from '../model/errors.js';
import type { Say } from '../model/event.js';
import { sourceRef } from '../model/source-ref.js';
import { isFolder, writeWhole } from '../system/files.js';

/** What a series is checked on top of. */
export interface Base {
  /** As a job matrix names it; a git ref is pinned to its commit. */
  readonly source: string;
  /** For people: the tree, the ref and the commit. */
  readonly title: string;
  /** The ref as a commit, for the command that does it again. */
  readonly commit?: string;
}

/** The base that `--tree` and `--base` name; `base` only for a git repository. Throws UsageError, JobError. */
export async function findBase(
  tree: string,
  base: string | undefined,
  signal: AbortSignal,
): Promise<Base> {
  await assertMayRun([tree], []);
  if (await isRepository(tree, signal)) {
    const path = resolve(tree);
    const { id, subject } = await commitOf(path, base ?? 'HEAD', signal);
    const title = `${base ?? 'HEAD'}, commit ${id.slice(0, 12)} ("${subject}")`;
    return { source: `${path}#${id}`, title, commit: id };
  }
  if (base !== undefined) throw new UsageError(`--base ${base}: ${tree} is not a git repository`);
  const ref = sourceRef(tree);
  const named = ref.kind !== 'path' || ref.ref !== undefined;
  if (!named && !(await isFolder(tree)) && !isTarball(tree)) {
    throw new UsageError(await withNearestFile(tree, `--tree ${tree}: no such kernel tree`));
  }
  return { source: named ? tree : resolve(tree), title: tree };
}

async function isRepository(tree: string, signal: AbortSignal): Promise<boolean> {
  if (!(await isFolder(tree))) return false;
  const asked = { stage: 'source', signal, okCodes: [0, 128] };
  return (await git(tree, ['rev-parse', '--git-dir'], asked)).exitCode === 0;
}

/**
 * Reads the series and tries it on the base, before anything is built. Gives the base with the
 * version that was found, too. Throws JobError with the reject.
 */
export async function readApplying(
  base: Base,
  paths: readonly string[],
  signal: AbortSignal,
  say: Say,
): Promise<{ readonly base: Base; readonly patches: readonly Patch[] }> {
  await assertMayRun([base.source], paths);
  const patches = (await Promise.all(paths.map((path) => readSeries(path, signal)))).flat();
  const source = await kernelSource(base.source).pin(signal, say);
  const result = await trySeries(source, patches, signal);
  if (!result.applies) {
    const count = await alreadyIn(source, patches, signal);
    throw count > 0 ? alreadyInError(base, patches, count) : rejectError(base.title, result);
  }
  const title = base.commit === undefined ? source.label : base.title;
  return { base: { ...base, title }, patches };
}

function alreadyInError(base: Base, patches: readonly Patch[], count: number): JobError {
  const names = patches.slice(0, count).map(({ subject, name }) => `\n    ${subject ?? name}`);
  const all = count === patches.length;
  const what = all ? 'the series is' : `the first ${count} of ${patches.length} patches are`;
  const instead = all
    ? 'give --base a commit before it, or test the tree as it is: busyguest run'
    : 'leave them out, or give --base a commit before them';
  return new JobError([
    { message: `${base.title}: ${what} already in; ${instead}${names.join('')}` },
  ]);
}

/** Writes each patch to a file of its own, decoded. Gives the paths, in order. */
export async function writeSeries(dir: string, patches: readonly Patch[]): Promise<string[]> {
  const paths: string[] = [];
  for (const [index, { name, text }] of patches.entries()) {
    const taken = patches.slice(0, index).some((other) => other.name === name);
    const path = join(dir, taken ? `${index + 1}-${name}` : name);
    await writeWhole(path, text);
    paths.push(path);
  }
  return paths;
}
