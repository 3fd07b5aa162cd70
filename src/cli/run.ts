// SPDX-License-Identifier: MIT
import { UsageError } from '../model/errors.js';
import type { RunResult } from '../model/result.js';
import { renderResultsJson } from '../reports/results-json.js';
import { renderTable } from '../reports/terminal.js';
import { exitCodeOf } from '../verdict/exit.js';
import { begin, execute, goOn, type RunFlags, type Start } from './execute.js';
import { lavaFlags, type LavaFlags } from './lava-options.js';
import { readMatrixText, type MatrixOptions } from './matrix.js';
import { reportsFor, wantsColor } from './reports.js';

interface Options extends RunFlags, MatrixOptions, Partial<LavaFlags> {
  readonly resume?: string;
  readonly json: boolean;
}

/** `busyguest run`: the exit code says whether everything was as expected. */
export async function run(file: string | undefined, options: Options): Promise<number> {
  // A mistake in --report is told before anything is built.
  reportsFor(options.report);
  const start =
    options.resume === undefined ? await fresh(file, options) : await goOn(options.resume);
  const result = await execute(start, options);
  if (options.json) process.stdout.write(renderResultsJson(result));
  else showTable(result, start.dir);
  return exitCodeOf(result);
}

async function fresh(file: string | undefined, options: Options): Promise<Start> {
  if (file === undefined) {
    throw new UsageError('run: a job matrix is needed, as "busyguest run jobs/pre-pull.yaml"');
  }
  const { tree, filter, results } = options;
  const narrowing = {
    ...(tree !== undefined && { tree }),
    ...(filter !== undefined && { filter }),
  };
  const text = await readMatrixText(file, options.set);
  return begin(file, text, narrowing, results, lavaFlags(options));
}

/** Prints the table of a run and where its files are. */
export function showTable(result: RunResult, dir: string): void {
  const width = process.stdout.columns ?? 100;
  const table = renderTable(result, { color: wantsColor(process.stdout), width });
  process.stdout.write(`${table}\nresults: ${dir}\n`);
}
