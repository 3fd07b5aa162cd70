// SPDX-License-Identifier: MIT
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { withNearestFile } from '../documents/nearest-file.js';
import { UsageError } from '../model/errors.js';
import type { EventSink } from '../model/event.js';
import type { JobMatrix } from '../model/job.js';
import type { JobResult, RunResult } from '../model/result.js';
import { checkInputs } from '../pipeline/check-inputs.js';
import type { LavaRunLab } from '../pipeline/lava/lab.js';
import { linkLatest, makeRunDir, runMatrix, type RunOptions } from '../pipeline/run.js';
import { pastTimesReport } from '../pipeline/past-times.js';
import { runLock } from '../pipeline/run-folder.js';
import { readRecord, type RunRecord } from '../pipeline/run-record.js';
import { progressReport } from '../reports/progress.js';
import { openReports } from '../reports/report.js';
import { timingsReport } from '../reports/timings.js';
import { inStage } from '../system/disk.js';
import { exists, writeWhole } from '../system/files.js';
import { assertPlain } from '../system/plain-folder.js';
import { quoteWord } from '../system/shell-words.js';
import { withLock } from '../system/lock.js';
import type { ExpectedMode } from '../verdict/expected.js';
import { cacheLimit, trimAfterRun } from './cache.js';
import { inFlight, lavaRunOptions, type LavaFlags } from './lava-options.js';
import { narrow, type MatrixOptions } from './matrix.js';
import { reportsOfRun, requireResults, sayFailures } from './reports.js';
import { interruptible } from './signals.js';

/** The options that every command has that runs jobs. */
export interface RunFlags {
  readonly jobs?: string;
  readonly results: string;
  readonly fresh: boolean;
  readonly clean?: boolean;
  readonly failFast?: boolean;
  readonly report?: string;
  readonly expected?: ExpectedMode;
  readonly quiet: boolean;
  readonly verbose?: boolean;
  readonly timings?: boolean;
}

/** A run that is about to begin or to go on. */
export interface Start {
  readonly matrix: JobMatrix;
  readonly dir: string;
  readonly startedAt: string;
  /** Where it runs, when not on this machine. */
  readonly lava?: LavaFlags;
  /** The command that goes on with it; `run` where left out. */
  readonly command?: 'check';
}

/** Reads a job matrix and makes the folder of its run. Throws JobError, UsageError. */
export async function begin(
  file: string,
  text: string,
  narrowing: MatrixOptions,
  results: string,
  lava?: LavaFlags,
): Promise<Start> {
  const now = new Date();
  // A mistake leaves no folder behind.
  const matrix = narrow(text, file, narrowing);
  await interruptible((signal) => checkInputs(matrix, signal));
  if (lava) await lavaRunOptions(lava);
  return inStage('results', '--results', async () =>
    beginIn(await makeRunDir(results, matrix.name, now), now, file, text, narrowing, lava),
  );
}

/** The same in a folder that is there. */
export async function beginIn(
  dir: string,
  now: Date,
  file: string,
  text: string,
  narrowing: MatrixOptions,
  lava?: LavaFlags,
): Promise<Start> {
  const matrix = narrow(text, file, narrowing);
  const startedAt = now.toISOString();
  const jobs = matrix.jobs.map((job) => job.name);
  const where = lava && { lava };
  const record: RunRecord = { file: resolve(file), text, startedAt, jobs, ...narrowing, ...where };
  await writeWhole(join(dir, 'run.json'), `${JSON.stringify(record, undefined, 2)}\n`);
  return { matrix, dir, startedAt, ...where };
}

/**
 * Finds an interrupted run. Its folder is data of anybody: it is checked as a new matrix is, and names no lab by itself.
 * Throws UsageError when it is none, JobError.
 * @param lava the lab that the user names
 */
export async function resumeRun(path: string, lava?: LavaFlags): Promise<Start> {
  const dir = await realpath(path).catch(async () => {
    throw new UsageError(await withNearestFile(path, `--resume ${path}: no such run`));
  });
  const file = join(dir, 'run.json');
  if (!(await exists(file))) {
    throw new UsageError(`--resume ${path}: run.json is missing; it is not the folder of a run`);
  }
  await assertPlain(dir);
  const { text, startedAt, lava: recorded, ...record } = await readRecord(file);
  const matrix = narrow(text, record.file, withoutUndefined(record), 'anybody');
  if (recorded === undefined) return { matrix, dir, startedAt };
  // Who is named there gets a token and the kernels, and what is named is written to.
  if (labOptions.some((key) => recorded[key] !== lava?.[key])) {
    throw new UsageError(
      `--resume ${path}: this run used a lab; say so again if you know it: ${labWords(recorded)}`,
    );
  }
  return { matrix, dir, startedAt, lava: withoutUndefined(recorded) };
}

/** The options that say where a lab is, and how it gets what it boots. */
const labOptions = ['lava', 'publish', 'url'] as const;

const labWords = (lab: {
  readonly [key in (typeof labOptions)[number]]?: string | undefined;
}): string =>
  labOptions
    .flatMap((key) => (lab[key] === undefined ? [] : [`--${key} ${quoteWord(lab[key])}`]))
    .join(' ');

/** zod gives absent keys of a file as absent, but its types do not say so. */
const withoutUndefined = <T extends object>(
  from: T,
): { [K in keyof T]: Exclude<T[K], undefined> } => from as never;

/** What a command makes of results before they are shown and kept: expectations that only the run gives. */
export interface Expectations {
  job(result: JobResult): JobResult;
  run(result: RunResult): RunResult;
}

const asTheyAre: Expectations = { job: (result) => result, run: (result) => result };

/** Runs the jobs, with progress on stderr, and writes the reports. */
export async function execute(
  start: Start,
  flags: RunFlags,
  expectations: Expectations = asTheyAre,
): Promise<RunResult> {
  const parallel = parseJobs(flags.jobs);
  const limit = cacheLimit();
  const { quiet, verbose = false, fresh, clean = false, failFast = false } = flags;
  const timings = flags.timings === true ? timingsReport() : undefined;
  const session = openReports([
    progressReport({ stream: process.stderr, quiet, verbose }),
    ...(timings ? [timings] : []),
    ...(start.lava ? [] : [pastTimesReport()]),
    ...reportsOfRun(flags.report, flags.expected),
  ]);
  const { matrix, dir, startedAt, lava, command = 'run' } = start;
  const asked = lava && { ...(await lavaRunOptions(lava)), parallel: inFlight(lava) };
  const options = {
    dir,
    startedAt,
    fresh,
    clean,
    failFast,
    ...(parallel !== undefined && { parallel }),
    ...(asked && { parallel: asked.parallel }),
  };
  let left = true;
  const whatIsLeft = (): string | undefined =>
    left ? resumeLine(command, dir, lava && labWords(lava)) : undefined;
  return interruptible(async (signal) => {
    const whole = async (): Promise<RunResult> => {
      const sink: EventSink = (event) =>
        session.sink(
          event.kind === 'job-end' ? { ...event, result: expectations.job(event.result) } : event,
        );
      await using lab = asked && (await openLab(asked, dir, signal, sink));
      const all: RunOptions = { ...options, ...(lab && { lab }) };
      const result = expectations.run(await runMatrix(matrix, all, signal, sink));
      session.sink({ kind: 'run-end', result });
      const failures = await session.end(result, dir);
      sayFailures(failures);
      if (timings) process.stderr.write(timings.table(session.wallMs));
      await linkLatest(resolve(dir, '..'), dir);
      requireResults(failures, dir);
      left = result.interrupted;
      return result;
    };
    const done = await inStage('results', '--results', () =>
      withLock(runLock(dir), signal, sayWaiting, whole),
    );
    await trimAfterRun(limit, signal);
    return done;
  }, whatIsLeft);
}

// A lab's pieces are many, and most runs need none of them.
const openLab = async (...lab: ConstructorParameters<typeof LavaRunLab>): Promise<LavaRunLab> =>
  new (await import('../pipeline/lava/lab.js')).LavaRunLab(...lab);

/** The command that goes on with an interrupted run. */
export const resumeLine = (command: string, dir: string, more = ''): string =>
  [`busyguest ${command} --resume ${quoteWord(dir)}`, more].filter(Boolean).join(' ');

const sayWaiting = (pid: number): void => {
  process.stderr.write(`busyguest: process ${pid} is running it; waiting for it to end\n`);
};

function parseJobs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 1024) {
    throw new UsageError(`--jobs ${text}: a number from 1 to 1024 is needed`);
  }
  return jobs;
}
