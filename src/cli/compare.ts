// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { updateIndex } from '../history/run-index.js';
import { exitCode, UsageError } from '../model/errors.js';
import type { RunIndex } from '../model/history.js';
import { compareWithPast, previousRun, treeOf } from '../pipeline/history.js';
import { readRun } from '../pipeline/run-folder.js';
import { renderComparison } from '../reports/comparison-text.js';
import { isFolder } from '../system/files.js';
import { runFolder } from './arguments.js';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';

/**
 * `busyguest compare [RUN_A] [RUN_B]`: exit code 1 when B has failures that A has not. Without A, it is the run before
 * B of the same matrix and source; without B too, B is the newest run.
 */
export async function compare(
  first: string | undefined,
  second: string | undefined,
  options: { readonly json: boolean; readonly results: string },
): Promise<number> {
  const dirB = await runFolder(second ?? first ?? (await newest(options.results)));
  const results = resolve(dirB, '..');
  const index = await updateIndex(results);
  const b = await readRun(dirB);
  const before = second === undefined ? undefined : first;
  const dirA = await runFolder(before ?? join(results, previousOf(b, index)));
  const found = compareWithPast(await readRun(dirA), b, index, await treeOf(dirB));
  const text = options.json
    ? `${JSON.stringify(found, undefined, 2)}\n`
    : renderComparison(found, process.stdout.columns || undefined);
  process.stdout.write(text);
  return found.newFailures.length > 0 ? exitCode.unexpected : exitCode.ok;
}

function previousOf(b: Parameters<typeof previousRun>[0], index: RunIndex): string {
  const previous = previousRun(b, index);
  if (previous) return previous.dir;
  throw new UsageError(
    `compare: there is no earlier run of the same matrix and source to compare ${b.run} with; name one: compare RUN_A RUN_B`,
  );
}

async function newest(results: string): Promise<string> {
  const known = (await isFolder(results)) ? await updateIndex(results) : undefined;
  const last = known?.runs.at(-1);
  if (last) return join(results, last.dir);
  throw new UsageError(`compare: no finished run in ${results}; --results says where they are`);
}

/** Options and help of `busyguest compare`. */
export const declare: Declare = (command) =>
  command
    .argument(
      '[run-a]',
      'folder of the earlier run (default: the run of the same matrix before the later one)',
    )
    .argument('[run-b]', 'folder of the later run (default: the newest)')
    .option('--json', 'print the comparison as JSON, as in comparison.json', false)
    .addOption(shared.results)
    .addHelpText(
      'after',
      `
With one folder, that run is compared with the run before it. Other runs in the same place show how much each metric
usually varies.

Examples:
  busyguest compare
  busyguest compare results/20261121-210000-nightly results/latest`,
    )
    .action(exits(compare));
