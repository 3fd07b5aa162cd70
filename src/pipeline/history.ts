// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { compareRuns } from '../history/compare.js';
import { summarizeRun } from '../history/summary.js';
import { updateIndex } from '../history/run-index.js';
import type { RunComparison, RunIndex, RunSummary } from '../model/history.js';
import type { RunResult } from '../model/result.js';
import type { Report } from '../reports/report.js';
import { exists, writeWhole } from '../system/files.js';
import { quoteWord } from '../system/shell-words.js';
import { breaksLimit } from '../verdict/answer.js';
import { readRun } from './run-folder.js';
import { readSketch } from './run-record.js';

const startsBefore = (one: RunSummary, run: RunResult): boolean =>
  one.run !== run.run && one.startedAt < run.startedAt;

/**
 * The run that `run` is compared with: the newest before it of a job matrix of the same file name and about the same
 * trees or packages that was not interrupted, and has a job of it. The path does not count: a resumed run knows another
 * one.
 */
export function previousRun(run: RunResult, index: RunIndex): RunSummary | undefined {
  const { subject } = summarizeRun(run);
  const own = new Set(run.jobs.map(({ name }) => name));
  return index.runs.findLast(
    (one) =>
      startsBefore(one, run) &&
      one.subject === subject &&
      !one.interrupted &&
      one.jobs.some(({ name }) => own.has(name)),
  );
}

/** What changed from run `a` to run `b`, by the spread of all runs before `b`. @param tree for the line that bisects */
export function compareWithPast(
  a: RunResult,
  b: RunResult,
  index: RunIndex,
  tree = 'TREE',
): RunComparison {
  const past = index.runs.filter((one) => startsBefore(one, b));
  const found = compareRuns(a, b, past);
  const command = bisectCommand(found, a, b, tree);
  return { ...found, ...(command !== undefined && { bisect: command }) };
}

/** The bisection between the commits of the first new failure, or else of the first job that was mended. */
function bisectCommand(
  { newFailures, fixed }: RunComparison,
  a: RunResult,
  b: RunResult,
  tree: string,
): string | undefined {
  for (const { job } of [...newFailures, ...fixed]) {
    const before = a.jobs.find(({ name }) => name === job);
    const after = b.jobs.find(({ name }) => name === job);
    const keeping = [before, after].find((one) => one?.status === 'PASS');
    const breaking = [before, after].find((one) => one !== undefined && breaksLimit(one));
    if (!keeping || !breaking) continue;
    const [good, bad] = [keeping.facts['git_commit'], breaking.facts['git_commit']];
    if (good === undefined || bad === undefined || good === bad) continue;
    const words = ['busyguest', 'bisect', '--tree', tree, '--good', good, '--bad', bad];
    return [...words, '--device', keeping.device].map(quoteWord).join(' ');
  }
  return undefined;
}

/** The tree that a run took its kernels from, for a command; a word to fill in where the run does not say, or nothing that can be read. */
export async function treeOf(dir: string): Promise<string> {
  const record = await readSketch(join(dir, 'run.json')).catch(() => undefined);
  return record?.tree?.split('#', 1)[0] ?? 'TREE';
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
      if (!previous) {
        // One that is there is of another run's past: of who made the folder, or of before.
        await rm(join(dir, 'comparison.json'), { force: true });
        return;
      }
      const a = await readRun(join(results, previous.dir));
      const text = JSON.stringify(compareWithPast(a, run, known, await treeOf(dir)), undefined, 2);
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
