// SPDX-License-Identifier: MIT
import type { RunSummary } from '../model/history.js';

/** How much of results/ is kept; a limit that is absent removes nothing. */
export interface Retention {
  /** The newest so many runs stay. */
  readonly keepRuns?: number;
  /** Runs that started longer ago go. */
  readonly maxAgeDays?: number;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Folders of the runs that retention removes, oldest first: those beyond `keepRuns`, and those older than
 * `maxAgeDays`. Never the run that `latest` points at, nor the newest. A run without a readable start has no
 * age, and goes only by count.
 * @param latest name of the folder that results/latest points at
 */
export function prune(
  runs: readonly Pick<RunSummary, 'dir' | 'startedAt'>[],
  { keepRuns, maxAgeDays }: Retention,
  { nowMs, latest }: { readonly nowMs: number; readonly latest?: string },
): readonly string[] {
  const startMs = (startedAt: string): number => Date.parse(startedAt) || 0;
  const newestFirst = [...runs].sort((a, b) => startMs(b.startedAt) - startMs(a.startedAt));
  const goes = ({ startedAt }: { readonly startedAt: string }, rank: number): boolean => {
    const started = Date.parse(startedAt);
    const tooMany = keepRuns !== undefined && rank >= keepRuns;
    const tooOld = maxAgeDays !== undefined && nowMs - started > maxAgeDays * dayMs;
    return tooMany || tooOld;
  };
  return newestFirst
    .filter((run, rank) => rank > 0 && run.dir !== latest && goes(run, rank))
    .map(({ dir }) => dir)
    .reverse();
}
