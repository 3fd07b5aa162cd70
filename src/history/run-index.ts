// SPDX-License-Identifier: MIT
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '../model/errors.js';
import { trendRuns, type RunIndex, type RunSummary } from '../model/history.js';
import { exists, readIfThere, writeWhole } from '../system/files.js';
import { decodeCache, encodeCache, type KnownRun, type KnownRuns } from './cache.js';
import { findFlaky } from './flaky.js';
import { readRunFile } from './run-file.js';
import { metricsOf, summarizeRun } from './summary.js';

/** The cache of the index, a file under results/. */
export const indexFile = 'index.json';

type Units = Record<string, string>;

async function readRun(
  resultsDir: string,
  dir: string,
  units: Units,
): Promise<Pick<KnownRun, 'summary' | 'reason' | 'withMetrics'>> {
  try {
    const run = await readRunFile(join(resultsDir, dir, 'results.json'));
    for (const job of run.jobs) for (const { name, unit } of metricsOf(job)) units[name] = unit;
    return { summary: summarizeRun(run, dir), withMetrics: true };
  } catch (error) {
    const [problem] = error instanceof JobError ? error.problems : [];
    const why = problem?.message.replace(/^.*?: refused: /s, '') ?? 'cannot be read as a run';
    return { reason: why.replace(/^it is not JSON: .*/s, 'not JSON'), withMetrics: false };
  }
}

/** Does `work` on every item, at most 32 at a time; order is kept. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += 32) {
    results.push(...(await Promise.all(items.slice(start, start + 32).map(work))));
  }
  return results;
}

const byStart = (a: RunSummary, b: RunSummary): number => {
  const [x, y] = [`${a.startedAt}\n${a.dir}`, `${b.startedAt}\n${b.dir}`];
  return x < y ? -1 : x > y ? 1 : 0;
};

const summariesOf = (runs: ReadonlyMap<string, KnownRun>): readonly RunSummary[] =>
  [...runs.values()].flatMap(({ summary }) => summary ?? []).sort(byStart);

const forget = (run: RunSummary): RunSummary => ({
  ...run,
  jobs: run.jobs.map((job) => ({ ...job, metrics: {} })),
});

/** Takes the metrics from all runs but the last ones, and reads those again that lack theirs. */
async function keepTrend(resultsDir: string, runs: Map<string, KnownRun>, units: Units) {
  const recent = new Set(
    summariesOf(runs)
      .slice(-trendRuns)
      .map(({ dir }) => dir),
  );
  let changed = false;
  for (const [dir, known] of runs) {
    if (!known.summary || known.withMetrics === recent.has(dir)) continue;
    changed = true;
    const { mtimeMs, size, summary } = known;
    const next = recent.has(dir)
      ? await readRun(resultsDir, dir, units)
      : { summary: forget(summary), withMetrics: false };
    runs.set(dir, { mtimeMs, size, ...next });
  }
  return changed;
}

// What goes wrong with the cache, here or below, only makes the next time take longer.
const readCache = async (path: string): Promise<KnownRuns> =>
  decodeCache(await readIfThere(path).catch(() => undefined));

async function keepCache(path: string, known: KnownRuns): Promise<void> {
  try {
    await writeWhole(path, encodeCache(known));
  } catch {
    // results/ cannot be written to, or it has more runs than a string can.
  }
}

/**
 * The index over results/: reads the runs that are new or changed since the last time, takes the others from
 * results/index.json, and writes that anew where something changed. Folders without results.json (a run in
 * progress) and links (`latest`) are left out. Throws what the file system throws.
 */
export async function updateIndex(resultsDir: string): Promise<RunIndex> {
  const cachePath = join(resultsDir, indexFile);
  const cache = await readCache(cachePath);
  const units: Units = { ...cache.units };
  const folders = (await readdir(resultsDir, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  let changed = false;
  const entries = await inParallel(folders, async (dir) => {
    const found = await stat(join(resultsDir, dir, 'results.json')).catch(() => undefined);
    if (!found) return [];
    const { mtimeMs, size } = found;
    const known = cache.runs.get(dir);
    if (known?.mtimeMs === mtimeMs && known.size === size) return [[dir, known] as const];
    changed = true;
    const entry: KnownRun = { mtimeMs, size, ...(await readRun(resultsDir, dir, units)) };
    return [[dir, entry] as const];
  });
  const runs = new Map(entries.flat());
  changed = runs.size !== cache.runs.size || changed;
  changed = (await keepTrend(resultsDir, runs, units)) || changed;
  if (changed) await keepCache(cachePath, { units, runs });
  const withReport = await inParallel([...runs.keys()], async (dir) =>
    (await exists(join(resultsDir, dir, 'report.html'))) ? [dir] : [],
  );
  const all = summariesOf(runs);
  const unreadable = [...runs].flatMap(([dir, { reason }]) => (reason ? [{ dir, reason }] : []));
  return { runs: all, units, flaky: findFlaky(all), withReport: withReport.flat(), unreadable };
}
