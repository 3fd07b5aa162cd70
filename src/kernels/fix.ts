// SPDX-License-Identifier: MIT
import type { FixSpec, FixState, KernelSpec } from '../model/job.js';
import { JobError } from '../model/errors.js';
import type { PinnedSource } from './pinned-source.js';
import { readSeries } from './read-series.js';
import { rejectError, trySeries, type Patch } from './series.js';

/** The patches a kernel is built with, and a word on how they were chosen. */
export interface ChosenPatches {
  readonly patches: readonly Patch[];
  readonly note: string;
}

/**
 * The patches that bring the fix in or out, chosen by what the tree contains: a tree to which the
 * fix applies lacks it; one from which a `remove` series can be taken has it. Throws JobError with
 * the reject when neither applies.
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
  const added = await trySeries(source, add, signal);
  if (added.applies) {
    if (wanted === 'absent') return { patches: [], note: 'the source lacks the fix' };
    return { patches: add, note: 'the fix was added' };
  }
  const rejected = [added];
  for (const path of fix.remove) {
    const remove = await readSeries(path, signal);
    const removed = await trySeries(source, remove, signal);
    if (!removed.applies) {
      rejected.push(removed);
      continue;
    }
    if (wanted === 'present') return { patches: [], note: 'the source contains the fix' };
    return { patches: remove, note: 'the fix was taken out' };
  }
  throw new JobError(rejected.flatMap((result) => rejectError(kernel, result).problems));
}
