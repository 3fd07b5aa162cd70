// SPDX-License-Identifier: MIT
import { basename, join, resolve } from 'node:path';
import { compareRuns } from '../history/compare.js';
import { updateIndex } from '../history/run-index.js';
import type { RunComparison, RunIndex, RunSummary } from '../model/history.js';
import type { RunResult } from '../model/result.js';
import type { Report } from '../reports/report.js';
import { exists, writeWhole } from '../system/files.js';
import { readRun } from './run-folder.js';

const startsBefore = (one: RunSummary, run: RunResult): boolean =>
  one.run !== run.run && one.startedAt < run.startedAt;

/**
 * The run that `run` is compared with: the newest before it of a job matrix of the same file name that was not
 * interrupted. The path does not count: a resumed run knows another one.
 */
export function previousRun(run: RunResult, index: RunIndex): RunSummary | undefined {
  const matrix = basename(run.matrix);
  return index.runs.findLast(
    (one) => startsBefore(one, run) && basename(one.matrix) === matrix && !one.interrupted,
  );
}

/** What changed from run `a` to run `b`, by the spread of all runs before `b`. */
export function compareWithPast(a: RunResult, b: RunResult, index: RunIndex): RunComparison {
  return compareRuns(
    a,
    b,
    index.runs.filter((one) => startsBefore(one, b)),
  );
}

/** Writes results/index.html. */
export async function writeIndex(resultsDir: string, index: RunIndex): Promise<void> {
  const { renderIndex } = await import('../reports/html/index-page.js');
  await writeWhole(join(resultsDir, 'index.html'), renderIndex(index));
}

/**
 * The reports that need the other runs, which lie beside the run's folder: `comparison` writes comparison.json,
 * where there is an earlier run, `index` index.json and index.html. results.json must have been written.
 */
export function historyReports(): { readonly comparison: Report; readonly index: Report } {
  let known: RunIndex | undefined;
  const comparison: Report = {
    name: 'comparison',
    async onEnd(run, dir) {
      const results = resolve(dir, '..');
      known = await updateIndex(results);
      const previous = previousRun(run, known);
      if (!previous) return;
      const a = await readRun(join(results, previous.dir));
      const text = JSON.stringify(compareWithPast(a, run, known), undefined, 2);
      await writeWhole(join(dir, 'comparison.json'), `${text}\n`);
    },
  };
  const index: Report = {
    name: 'index',
    async onEnd(_run, dir) {
      const results = resolve(dir, '..');
      const { withReport, ...rest } = known ?? (await updateIndex(results));
      // The index was read before the run's page was made.
      const own = (await exists(join(dir, 'report.html'))) ? [basename(dir)] : [];
      await writeIndex(results, { ...rest, withReport: [...withReport, ...own] });
    },
  };
  return { comparison, index };
}
