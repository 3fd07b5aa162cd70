// SPDX-License-Identifier: MIT
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunIndex, RunSummary } from '../model/history.js';
import type { RunResult } from '../model/result.js';
import { readIfThere, writeWhole } from '../system/files.js';
import { findFlaky } from './flaky.js';
import { metricsOf, summarizeRun } from './summary.js';

/** The cache of the index, a file under results/. */
export const indexFile = 'index.json';

// Goes up when the summary changes: an old cache is then made again.
const cacheFormat = 1;

interface CachedRun {
  /** Of results.json: a run is read again when either differs. */
  readonly mtimeMs: number;
  readonly size: number;
  readonly summary?: RunSummary;
  readonly reason?: string;
}

interface Cache {
  readonly format: number;
  readonly units: Readonly<Record<string, string>>;
  readonly runs: Readonly<Record<string, CachedRun>>;
}

const emptyCache: Cache = { format: cacheFormat, units: {}, runs: {} };

/** A cache that cannot be read only costs time. */
function parseCache(text: string | undefined): Cache {
  try {
    const cache = JSON.parse(text ?? '') as Cache;
    const usable = cache.format === cacheFormat && typeof cache.runs === 'object' && cache.units;
    return usable ? cache : emptyCache;
  } catch {
    return emptyCache;
  }
}

async function readRun(
  resultsDir: string,
  dir: string,
  units: Record<string, string>,
): Promise<Pick<CachedRun, 'summary' | 'reason'>> {
  try {
    const text = await readFile(join(resultsDir, dir, 'results.json'), 'utf8');
    const run = JSON.parse(text) as RunResult;
    // Written by a later version, or by hand.
    if (run.schema !== 1) return { reason: `schema ${String(run.schema)} is not known` };
    for (const job of run.jobs) for (const { name, unit } of metricsOf(job)) units[name] = unit;
    return { summary: summarizeRun(run, dir) };
  } catch (error) {
    return { reason: error instanceof SyntaxError ? 'no JSON' : 'cannot be read as a run' };
  }
}

/** Does `work` on every item, at most `width` at a time; order is kept. */
async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += width) {
    results.push(...(await Promise.all(items.slice(start, start + width).map(work))));
  }
  return results;
}

const newer = (a: RunSummary, b: RunSummary): number => {
  const [x, y] = [`${a.startedAt}\n${a.dir}`, `${b.startedAt}\n${b.dir}`];
  return x < y ? -1 : x > y ? 1 : 0;
};

/**
 * The index over results/: reads the runs that are new or changed since the last time, takes the others from
 * results/index.json, and writes that anew where something changed. Folders without results.json (a run in
 * progress) and links (`latest`) are left out. Throws what the file system throws.
 */
export async function updateIndex(resultsDir: string): Promise<RunIndex> {
  const cachePath = join(resultsDir, indexFile);
  const cache = parseCache(await readIfThere(cachePath));
  const units: Record<string, string> = { ...cache.units };
  const folders = (await readdir(resultsDir, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  let reread = 0;
  const entries = await inParallel(folders, 32, async (dir) => {
    const found = await stat(join(resultsDir, dir, 'results.json')).catch(() => undefined);
    if (!found) return undefined;
    const { mtimeMs, size } = found;
    const known = Object.hasOwn(cache.runs, dir) ? cache.runs[dir] : undefined;
    if (known?.mtimeMs === mtimeMs && known.size === size) return [dir, known] as const;
    reread += 1;
    const entry: CachedRun = { mtimeMs, size, ...(await readRun(resultsDir, dir, units)) };
    return [dir, entry] as const;
  });
  const there = entries.filter((entry) => entry !== undefined);
  const changed = reread > 0 || there.length !== Object.keys(cache.runs).length;
  if (changed) {
    const next: Cache = { format: cacheFormat, units, runs: Object.fromEntries(there) };
    await writeWhole(cachePath, JSON.stringify(next));
  }
  const runs = there.flatMap(([, { summary }]) => (summary ? [summary] : [])).sort(newer);
  const unreadable = there.flatMap(([dir, { reason }]) => (reason ? [{ dir, reason }] : []));
  return { runs, units, flaky: findFlaky(runs), unreadable };
}
