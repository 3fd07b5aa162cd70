// SPDX-License-Identifier: MIT
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UsageError } from '../model/errors.js';
import type { OpenRun } from '../model/history.js';
import type { JobResult, RunResult } from '../model/result.js';
import { exists, isFileName } from '../system/files.js';
import { stateOf } from '../system/known.js';
import { livingOwner } from '../system/lock.js';

/** The lock that a run holds on its folder: one process at a time, and a sign that it goes on. */
export const runLock = (dir: string): string => join(dir, 'run.lock');

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
  // Reports read the files of jobs by their names: those of a results.json from elsewhere must not lead out of the run.
  const isJob = (job: unknown): boolean => isFileName((job as Partial<JobResult> | null)?.name);
  if (!Array.isArray(run.jobs) || !run.jobs.every(isJob)) {
    throw new UsageError(`${file}: its jobs are not as busyguest writes them`);
  }
  return run;
}

interface Record {
  readonly file?: string;
  readonly startedAt?: string;
  readonly jobs?: readonly string[];
}

/** Reads files of JSON, each again only when it is another one: who watches a run looks at all once a second. */
export class JsonFiles {
  readonly #known = new Map<string, { readonly state: string; readonly value: unknown }>();

  /** What a file holds; undefined where it is not there or no JSON. */
  async read<T>(path: string): Promise<T | undefined> {
    try {
      const state = await stateOf(path);
      const known = this.#known.get(path);
      if (known?.state === state) return known.value as T;
      const value = JSON.parse(await readFile(path, 'utf8')) as T;
      this.#known.set(path, { state, value });
      return value;
    } catch {
      return undefined;
    }
  }
}

/** The finished jobs of a run, in the order of their names or of the matrix. */
async function finishedJobs(dir: string, planned: readonly string[] | undefined, files: JsonFiles) {
  const entries = await readdir(dir, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const there = new Set(folders);
  const names = planned ? planned.filter((name) => there.has(name)) : folders.sort();
  const jobs = names.map((name) => files.read<JobResult>(join(dir, name, 'status.json')));
  return (await Promise.all(jobs)).filter((job) => job !== undefined);
}

/**
 * A folder with run.json and without results.json, or whose run goes on again; undefined for any other.
 * @param files that of the last look at the same folder
 */
export async function readOpenRun(
  dir: string,
  files: JsonFiles = new JsonFiles(),
): Promise<OpenRun | undefined> {
  const running = (await livingOwner(runLock(dir))) !== undefined;
  if (!running && (await exists(join(dir, 'results.json')))) return undefined;
  const record = await files.read<Record>(join(dir, 'run.json'));
  if (!record) return undefined;
  const { file = '', startedAt = '', jobs: planned } = record;
  return {
    dir: basename(dir),
    running,
    ...(planned ? { planned: planned.length } : {}),
    result: {
      schema: 1,
      run: basename(dir),
      startedAt,
      matrix: file,
      verdicts: [],
      overall: 'none',
      jobs: await finishedJobs(dir, planned, files),
      interrupted: false,
    },
  };
}
