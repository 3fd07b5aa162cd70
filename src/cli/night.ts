// SPDX-License-Identifier: MIT
import { mkdir, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { nightly } from '../jobs/generators/nightly.js';
import { missedNights, newsOf } from '../history/news.js';
import { updateIndex } from '../history/run-index.js';
import { summarizeRun } from '../history/summary.js';
import {
  adviceOf,
  exitCode,
  InfraError,
  InterruptedError,
  JobError,
  reportOf,
} from '../model/errors.js';
import type { News, RunComparison } from '../model/history.js';
import type { RunResult } from '../model/result.js';
import { nightLock, readNight, writeNight, type NightRecord } from '../pipeline/night-record.js';
import { publishResults } from '../pipeline/publish-results.js';
import { pageUrl, parseBaseUrl } from '../reports/base-url.js';
import { readComparison } from '../reports/comparison-file.js';
import { failedNightMail, inShort, nightMail, type Message } from '../reports/night-mail.js';
import { isFull } from '../system/disk.js';
import { takeLock } from '../system/lock.js';
import { exitCodeOfNew } from '../verdict/exit.js';
import { deviceList } from './device-list.js';
import { begin, execute } from './execute.js';
import { matrixFile, readMatrixText } from './matrix.js';
import { kcidbOptions, sourceOf, type NightOptions } from './night-options.js';
import { notify } from './notify.js';
import { pruneRuns } from './prune.js';
import { showRun } from './show.js';
import { interruptible } from './signals.js';
import { submit } from './submit-kcidb.js';

/** A run that ended, and its folder. */
export interface Tested {
  readonly run: RunResult;
  readonly dir: string;
}

/** Less free space than this is said before the disk is full, bytes. */
const lowSpaceBytes = 2 * 2 ** 30;

const say = (text: string): void => void process.stderr.write(`busyguest: ${text}\n`);

/**
 * One night: tests the tip of a branch, compares it with the nights before, prunes, publishes, submits, and writes to
 * people if anything is new. The exit code is 1 for what got worse, 69 where something around the test failed. Throws
 * InfraError where another process is at it, and what the test throws, after it was written about.
 * @param test how the tip is tested
 */
export async function night(
  options: NightOptions,
  test: (options: NightOptions) => Promise<Tested> = testTip,
): Promise<number> {
  const results = resolve(options.results);
  await mkdir(results, { recursive: true });
  const lock = await interruptible((signal) =>
    takeLock(nightLock(results), signal, (pid) => {
      throw new InfraError(
        'nightly',
        `process ${pid} is testing in ${results}; this night is left out`,
        'let it end, or give this one --results of its own',
      );
    }),
  );
  try {
    return await lockedNight(options, results, test);
  } finally {
    await lock[Symbol.asyncDispose]();
  }
}

async function lockedNight(
  options: NightOptions,
  results: string,
  test: (options: NightOptions) => Promise<Tested>,
): Promise<number> {
  const before = await readNight(results);
  const notes = [...(await spaceNotes(results)), ...missedNotes(before)];
  notes.forEach(say);
  const record: NightRecord = { ...before, startedAt: new Date().toISOString() };
  await keep(results, record);
  const tested = await test(options).catch(async (error: unknown) => {
    if (error instanceof InterruptedError) throw error;
    await tellFailure(error, options, results, record, notes);
    throw error;
  });
  if (tested.run.interrupted) return exitCode.interrupted;
  return conclude(tested, options, results, record, notes);
}

/** The nightly matrix of the tip, or the user's. */
async function testTip(options: NightOptions): Promise<Tested> {
  const { tree, device, results, quiet, jobs } = options;
  const matrix = options.matrix && (await matrixFile(options.matrix));
  const source = sourceOf(tree);
  const flags = { results, quiet, fresh: false, ...(jobs !== undefined && { jobs }) };
  const devices = device && deviceList(device);
  const text =
    matrix === undefined
      ? JSON.stringify(nightly({ source, ...(devices && { devices }) }), undefined, 2)
      : await readMatrixText(matrix);
  const start = await begin(
    matrix ?? 'nightly.yaml',
    text,
    matrix === undefined ? {} : { tree: source },
    results,
  );
  const run = await execute(start, flags);
  if (!quiet) await showRun(run, start.dir);
  return { run, dir: start.dir };
}

/** All that follows a test. Each part is apart from the errors of the others. */
async function conclude(
  { run, dir }: Tested,
  options: NightOptions,
  results: string,
  record: NightRecord,
  notes: readonly string[],
): Promise<number> {
  const problems: string[] = [];
  const comparison = await readComparison(dir);
  const news = comparison && (await newsOfNight(run, comparison, results));
  const attempt = async (what: string, work: (signal: AbortSignal) => Promise<unknown>) => {
    await interruptible(work).catch((error: unknown) => {
      if (error instanceof InterruptedError) throw error;
      const problem = `${what}: ${adviceOf(error)}`;
      say(problem);
      problems.push(problem);
    });
  };
  await attempt('prune', () => pruneRuns({ results, keepRuns: options.keepRuns, dryRun: false }));
  const { publish, kcidb } = options;
  if (publish !== undefined) {
    await attempt('publish', (signal) => publishResults(results, dir, publish, signal));
  }
  if (kcidb) await attempt('KCIDB', () => submit(dir, { dryRun: false, ...kcidbOptions(options) }));

  const again = record.failure === undefined ? [] : ['the branch is tested again'];
  const all = [...notes, ...again, ...problems];
  const messages = isWorthAMail(news, all)
    ? [
        nightMail(
          run,
          { tree: options.tree, notes: all, page: pageOf(dir, run, options) },
          news,
          comparison,
        ),
      ]
    : [];
  // What the log has of a quiet night.
  if (messages.length === 0) say('nothing is new; no mail');
  for (const { subject } of messages) process.stderr.write(`${subject}\n`);
  const unsent = await tell([...record.unsent, ...messages], options, dir);
  await keep(results, { startedAt: record.startedAt, unsent: [...unsent] });
  const code = exitCodeOfNew(run, comparison);
  return code === exitCode.ok && problems.length + unsent.length > 0
    ? exitCode.infrastructure
    : code;
}

const isWorthAMail = (news: News | undefined, notes: readonly string[]): boolean =>
  news === undefined || inShort(news) !== '' || notes.length > 0;

const pageOf = (dir: string, run: RunResult, { baseUrl }: NightOptions): string =>
  baseUrl === undefined ? join(dir, 'report.html') : pageUrl(parseBaseUrl(baseUrl), run);

async function newsOfNight(
  run: RunResult,
  comparison: RunComparison,
  results: string,
): Promise<News> {
  const { subject } = summarizeRun(run);
  const { runs } = await updateIndex(results);
  const past = runs.filter((one) => one.subject === subject && one.startedAt < run.startedAt);
  return newsOf(run, comparison, past);
}

/** Once for each way to fail, however many nights it lasts. */
async function tellFailure(
  error: unknown,
  options: NightOptions,
  results: string,
  record: NightRecord,
  notes: readonly string[],
): Promise<void> {
  const isOurs = error instanceof InfraError || error instanceof JobError;
  const why = !isOurs && isFull(error) ? 'no space left on the device' : reportOf(error);
  const [failure = ''] = why.split('\n');
  const isNew = failure !== record.failure || notes.length > 0;
  const message = failedNightMail(why, { tree: options.tree, notes });
  const unsent = await tell([...record.unsent, ...(isNew ? [message] : [])], options);
  await keep(results, { ...record, failure, unsent: [...unsent] });
}

/** Sends messages, and gives back those that are to be sent again. */
async function tell(
  messages: readonly Message[],
  options: NightOptions,
  dir?: string,
): Promise<readonly Message[]> {
  const unsent: Message[] = [];
  for (const message of messages) {
    const isSent = await interruptible((signal) => notify(message, options, dir, signal)).catch(
      (error: unknown) => {
        if (error instanceof InterruptedError) throw error;
        say(`mail: ${adviceOf(error)}; it is tried again the next night`);
        return false;
      },
    );
    if (!isSent) unsent.push(message);
  }
  return unsent;
}

/** A disk that is full loses what is kept for the next night, and not the mail of this one. */
async function keep(results: string, record: NightRecord): Promise<void> {
  await writeNight(results, record).catch((error: unknown) => {
    say(`nightly.json was not written: ${(error as Error).message}`);
  });
}

function missedNotes({ startedAt }: NightRecord): readonly string[] {
  const missed = missedNights(startedAt, Date.now());
  if (missed === 0) return [];
  const nights = missed === 1 ? 'a night was' : `${missed} nights were`;
  return [`${nights} missed since ${(startedAt ?? '').slice(0, 10)}`];
}

async function spaceNotes(results: string): Promise<readonly string[]> {
  const { bavail, bsize } = await statfs(results);
  const bytes = bavail * bsize;
  if (bytes >= lowSpaceBytes) return [];
  return [`the disk of ${results} has only ${Math.floor(bytes / 2 ** 20)} MiB left`];
}
