// SPDX-License-Identifier: MIT
import type { FixSpec, FixState, KernelSpec } from '../model/job.js';
import { JobError } from '../model/errors.js';
import { fileFacts } from '../system/file-facts.js';
import { digest } from '../system/files.js';
import type { PinnedSource } from './pinned-source.js';
import { readSeries } from './read-series.js';
import { reversed } from './reverse-patch.js';
import { rejectError, touchedFiles, trySeries, type Patch } from './series.js';

/** The patches a kernel is built with, and a word on how they were chosen. */
export interface ChosenPatches {
  readonly patches: readonly Patch[];
  readonly note: string;
}

/**
 * The patches that bring the fix in or out, chosen by what the tree contains: a tree to which the
 * fix applies lacks it; one from which a `remove` series, or the fix itself, can be taken has it. Of
 * a fix of several patches a tree may have some. Throws JobError with the reject when none applies.
 */
export async function choosePatches(
  kernel: KernelSpec,
  fix: FixSpec | undefined,
  source: PinnedSource,
  signal: AbortSignal,
): Promise<ChosenPatches> {
  const own = (await Promise.all(kernel.patches.map((path) => readSeries(path, signal)))).flat();
  if (kernel.fix === undefined || fix === undefined) return { patches: own, note: 'as it is' };
  const chosen = await bring(kernel.fix, kernel.name, fix, source, signal);
  return { patches: [...chosen.patches, ...own], note: chosen.note };
}

async function bring(
  wanted: FixState,
  kernel: string,
  fix: FixSpec,
  source: PinnedSource,
  signal: AbortSignal,
): Promise<ChosenPatches> {
  const add = await readSeries(fix.add, signal);
  const removes = await Promise.all(fix.remove.map((path) => readSeries(path, signal)));
  if (await applies(source, add, signal)) {
    if (wanted === 'absent') return { patches: [], note: 'the source lacks the fix' };
    return { patches: add, note: 'the fix was added' };
  }
  const taken = add.map(reversed).reverse();
  const own = taken.every((patch) => patch !== undefined) ? [taken] : [];
  for (const remove of [...removes, ...own]) {
    if (await applies(source, remove, signal)) {
      if (wanted === 'present') return { patches: [], note: 'the source contains the fix' };
      return { patches: remove, note: 'the fix was taken out' };
    }
  }
  const some = await bringParts(wanted, add, removes.flat(), source, signal);
  if (some !== undefined) return some;
  // Our own way of taking it out says no more than the first: the fix neither applies nor is it there.
  const tried = await Promise.all([add, ...removes].map((one) => trySeries(source, one, signal)));
  const rejected = tried.filter((result) => !result.applies);
  throw new JobError(rejected.flatMap((result) => rejectError(kernel, result).problems));
}

/** Whether a series applies to a source: asked of git once, for both are what their contents are. */
function applies(
  source: PinnedSource,
  series: readonly Patch[],
  signal: AbortSignal,
): Promise<boolean> {
  const what = digest('applies', source.id, ...series.map(({ text }) => text));
  return fileFacts(what, [], async () => {
    const result = await trySeries(source, series, signal);
    return { value: result.applies, stays: true };
  });
}

/** Of a fix that a tree has in part: each patch by itself. Undefined where one is neither there nor applies. */
async function bringParts(
  wanted: FixState,
  add: readonly Patch[],
  removes: readonly Patch[],
  source: PinnedSource,
  signal: AbortSignal,
): Promise<ChosenPatches | undefined> {
  const missing: Patch[] = [];
  const there: { readonly part: Patch; readonly remove: Patch }[] = [];
  for (const part of add) {
    if (await applies(source, [part], signal)) {
      missing.push(part);
      continue;
    }
    const files = new Set(await touchedFiles([part], signal));
    const own = reversed(part);
    let found: Patch | undefined;
    for (const patch of [...removes, ...(own ? [own] : [])]) {
      const isOfPart = (await touchedFiles([patch], signal)).every((file) => files.has(file));
      if (found === undefined && isOfPart && (await applies(source, [patch], signal)))
        found = patch;
    }
    if (found === undefined) return undefined;
    there.unshift({ part, remove: found });
  }
  const patches = wanted === 'present' ? missing : there.map(({ remove }) => remove);
  if (!(await applies(source, patches, signal))) return undefined;
  return { patches, note: noteOf(wanted, there.map(({ part }) => part).reverse(), missing) };
}

function noteOf(wanted: FixState, there: readonly Patch[], missing: readonly Patch[]): string {
  const present = wanted === 'present';
  if (missing.length === 0)
    return present ? 'the source contains the fix' : 'the fix was taken out';
  const [has, lacks] = [there, missing].map((patches) => patches.map(titleOf).join(', '));
  return present
    ? `the source contains ${has}; added: ${lacks}`
    : `the source lacks ${lacks}; taken out: ${has}`;
}

const titleOf = ({ name, subject }: Patch): string =>
  `"${subject?.replace(/^\[[^\]]*\]\s*/, '') ?? name}"`;
