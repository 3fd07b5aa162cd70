// SPDX-License-Identifier: MIT
import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from '../model/errors.js';
import type { JobMatrix } from '../model/job.js';
import { linkLatest, makeRunDir, runMatrix } from '../pipeline/run.js';
import { progressReport } from '../reports/progress.js';
import { openReports } from '../reports/report.js';
import { renderResultsJson } from '../reports/results-json.js';
import { renderTable } from '../reports/terminal.js';
import { writeWhole } from '../system/files.js';
import { exitCodeOf } from '../verdict/exit.js';
import { narrow, readMatrix, type MatrixOptions } from './matrix.js';
import { reportsFor, sayFailures, wantsColor } from './reports.js';
import { interruptible } from './signals.js';

interface Options extends MatrixOptions {
  readonly jobs?: string;
  readonly results: string;
  readonly fresh: boolean;
  readonly failFast: boolean;
  readonly resume?: string;
  readonly report?: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** What --resume needs: the matrix as it was, and what narrowed it. */
interface RunRecord extends MatrixOptions {
  readonly file: string;
  readonly text: string;
  readonly startedAt: string;
}

/** A run that is about to begin or to go on. */
interface Start {
  readonly matrix: JobMatrix;
  readonly dir: string;
  readonly startedAt: string;
}

/** `busyguest run`: the exit code says whether everything was as expected. */
export async function run(file: string | undefined, options: Options): Promise<number> {
  const parallel = parseJobs(options.jobs);
  const reports = reportsFor(options.report);
  const { matrix, dir, startedAt } =
    options.resume === undefined ? await begin(file, options) : await goOn(options.resume);
  const { quiet, verbose } = options;
  const session = openReports([
    progressReport({ stream: process.stderr, quiet, verbose }),
    ...reports,
  ]);
  const { fresh, failFast } = options;
  const result = await interruptible((signal) =>
    runMatrix(
      matrix,
      { dir, startedAt, fresh, failFast, ...(parallel !== undefined && { parallel }) },
      signal,
      session.sink,
    ),
  );
  session.sink({ kind: 'run-end', result });
  sayFailures(await session.end(result, dir));
  await linkLatest(resolve(dir, '..'), dir);
  const width = process.stdout.columns ?? 100;
  process.stdout.write(
    options.json
      ? renderResultsJson(result)
      : `${renderTable(result, { color: wantsColor(process.stdout), width })}\nresults: ${dir}\n`,
  );
  return exitCodeOf(result);
}

function parseJobs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 1024) {
    throw new UsageError(`--jobs ${text}: a number from 1 to 1024 is needed`);
  }
  return jobs;
}

async function begin(file: string | undefined, options: Options): Promise<Start> {
  if (file === undefined) {
    throw new UsageError('run: a job matrix is needed, as "busyguest run jobs/pre-pull.yaml"');
  }
  const { tree, filter } = options;
  const narrowing = {
    ...(tree !== undefined && { tree }),
    ...(filter !== undefined && { filter }),
  };
  const matrix = await readMatrix(file, narrowing);
  const now = new Date();
  const dir = await makeRunDir(options.results, matrix.name, now);
  const startedAt = now.toISOString();
  const text = await readFile(file, 'utf8');
  const record: RunRecord = { file: resolve(file), text, startedAt, ...narrowing };
  await writeWhole(join(dir, 'run.json'), `${JSON.stringify(record, undefined, 2)}\n`);
  return { matrix, dir, startedAt };
}

async function goOn(path: string): Promise<Start> {
  const dir = await realpath(path).catch(() => {
    throw new UsageError(`--resume ${path}: no such run`);
  });
  const text = await readFile(join(dir, 'run.json'), 'utf8').catch(() => {
    throw new UsageError(`--resume ${path}: run.json is missing; it is not the folder of a run`);
  });
  const record = JSON.parse(text) as RunRecord;
  return { matrix: narrow(record.text, record.file, record), dir, startedAt: record.startedAt };
}
