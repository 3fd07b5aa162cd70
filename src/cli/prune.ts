// SPDX-License-Identifier: MIT
import { readlink, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { prune as choose, type Retention } from '../history/prune.js';
import { updateIndex } from '../history/run-index.js';
import { exitCode, UsageError } from '../model/errors.js';
import { writeIndex } from '../pipeline/history.js';
import { readOpenRun } from '../pipeline/run-folder.js';
import { isFolder } from '../system/files.js';
import { wholeNumber } from './arguments.js';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';

interface Options {
  readonly keepRuns?: string;
  readonly maxAgeDays?: string;
  readonly dryRun: boolean;
  readonly results: string;
}

/** `busyguest prune`. */
async function prune(options: Options): Promise<number> {
  const { gone, all } = await pruneRuns(options);
  process.stdout.write(`${gone} of ${all} runs\n`);
  return exitCode.ok;
}

/**
 * Removes old runs, and prints which; never the newest, the latest, nor one in progress. Gives how many are gone, of how
 * many. Throws UsageError.
 */
export async function pruneRuns(options: Options): Promise<{ gone: number; all: number }> {
  const { results, dryRun } = options;
  const retention = retentionOf(options);
  if (!(await isFolder(results))) throw new UsageError(`--results ${results}: no such folder`);
  const latest = await readlink(join(results, 'latest')).catch(() => undefined);
  const { runs } = await updateIndex(results);
  const { killed, running } = await unfinished(results);
  const all = [...runs, ...killed].filter(({ dir }) => !running.includes(dir));
  const gone = choose(all, retention, {
    nowMs: Date.now(),
    ...(latest !== undefined && { latest: basename(latest) }),
  });
  for (const dir of gone) {
    if (!dryRun) await rm(join(results, dir), { recursive: true, force: true });
    process.stdout.write(`${dryRun ? 'would remove' : 'removed'} ${join(results, dir)}\n`);
  }
  if (gone.length > 0 && !dryRun) await writeIndex(results, await updateIndex(results));
  return { gone: gone.length, all: all.length + running.length };
}

function retentionOf({ keepRuns, maxAgeDays }: Options): Retention {
  if (keepRuns === undefined && maxAgeDays === undefined) {
    throw new UsageError('prune: --keep-runs N or --max-age-days D is needed');
  }
  return {
    ...(keepRuns !== undefined && { keepRuns: wholeNumber('--keep-runs', keepRuns, 1) }),
    ...(maxAgeDays !== undefined && { maxAgeDays: wholeNumber('--max-age-days', maxAgeDays, 0) }),
  };
}

interface Unfinished {
  /** Runs whose process is dead. */
  readonly killed: readonly { readonly dir: string; readonly startedAt: string }[];
  readonly running: readonly string[];
}

async function unfinished(results: string): Promise<Unfinished> {
  const entries = await readdir(results, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  const found = await Promise.all(folders.map(({ name }) => readOpenRun(join(results, name))));
  const open = found.filter((run) => run !== undefined);
  return {
    running: open.filter(({ running }) => running).map(({ dir }) => dir),
    killed: open
      .filter(({ running }) => !running)
      .map(({ dir, result }) => ({ dir, startedAt: result.startedAt })),
  };
}

/** Options and help of `busyguest prune`. */
export const declare: Declare = (command) =>
  command
    .option('--keep-runs <n>', 'keep only the newest N runs')
    .option('--max-age-days <days>', 'remove runs that are older')
    .option('--dry-run', 'show what would be removed, and remove nothing', false)
    .addOption(shared.results)
    .addHelpText('after', '\nExample:\n  busyguest prune --keep-runs 200 --max-age-days 90')
    .action(exits(prune));
