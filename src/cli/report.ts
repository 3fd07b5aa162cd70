// SPDX-License-Identifier: MIT
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../model/errors.js';
import type { RunResult } from '../model/result.js';
import { runReports } from '../reports/report.js';
import { renderResultsJson } from '../reports/results-json.js';
import { renderTable } from '../reports/terminal.js';
import { exitCodeOf } from '../verdict/exit.js';
import { reportsFor, sayFailures, wantsColor } from './reports.js';

/** `busyguest report RUN`: the reports of a run again, with its exit code. */
export async function report(
  path: string,
  options: { readonly report?: string; readonly json: boolean },
): Promise<number> {
  const dir = await realpath(path).catch(() => {
    throw new UsageError(`${path}: no such run`);
  });
  const result = await readRun(dir);
  sayFailures(await runReports(reportsFor(options.report), result, dir));
  process.stdout.write(
    options.json
      ? renderResultsJson(result)
      : `${renderTable(result, { color: wantsColor(process.stdout), width: process.stdout.columns ?? 100 })}\n`,
  );
  return exitCodeOf(result);
}

/** Reads results.json of a run's folder. Throws UsageError when it is not one, or of another schema. */
export async function readRun(dir: string): Promise<RunResult> {
  const file = join(dir, 'results.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(
      `${file} is missing: the run was not finished (busyguest run --resume ${dir})`,
    );
  });
  let run: RunResult;
  try {
    run = JSON.parse(text) as RunResult;
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
  if (run.schema !== 1) {
    throw new UsageError(`${file}: schema ${String(run.schema)}; this busyguest reads schema 1`);
  }
  return run;
}
