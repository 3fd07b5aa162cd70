// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readJobFile, readRunFile } from '../history/run-file.js';
import { UsageError } from '../model/errors.js';
import type { OpenRun } from '../model/history.js';
import type { RunResult } from '../model/result.js';
import { exists } from '../system/files.js';
import { stateOf } from '../system/file-facts.js';
import { livingOwner } from '../system/lock.js';
import { readSketch } from './run-record.js';

/** The lock that a run holds on its folder: only one process at a time, and a sign that the run is active. */
export const runLock = (dir: string): string => join(dir, 'run.lock');

/** Reads results.json of a run's folder. Throws UsageError if it does not exist, JobError if it is invalid. */
export async function readRun(dir: string): Promise<RunResult> {
  const file = join(dir, 'results.json');
  if (!(await exists(file))) {
    throw new UsageError(
      `${file} is missing: the run was not finished (busyguest run --resume ${dir})`,
    );
  }
  return readRunFile(file);
}

/** Reads files, each again only when it is another one: who watches a run looks at all once a second. */
export class KnownFiles {
  private readonly known = new Map<string, { readonly state: string; readonly value: unknown }>();

  /** What `reader` makes of a file; undefined where it is not there or nothing that can be read. */
  async read<T>(path: string, reader: (path: string) => Promise<T>): Promise<T | undefined> {
    try {
      const state = await stateOf(path);
      const known = this.known.get(path);
      if (known?.state === state) return known.value as T;
      const value = await reader(path);
      this.known.set(path, { state, value });
      return value;
    } catch {
      return undefined;
    }
  }
}

/** The finished jobs of a run, in the order of their names or of the matrix. */
async function finishedJobs(
  dir: string,
  planned: readonly string[] | undefined,
  files: KnownFiles,
) {
  const entries = await readdir(dir, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const there = new Set(folders);
  const names = planned ? planned.filter((name) => there.has(name)) : folders.sort();
  const jobs = names.map((name) => files.read(join(dir, name, 'status.json'), readJobFile));
  return (await Promise.all(jobs)).filter((job) => job !== undefined);
}

/**
 * A folder with run.json but without results.json, or whose run was resumed and is active; undefined for any other.
 * @param files that of the last look at the same folder
 */
export async function readOpenRun(
  dir: string,
  files: KnownFiles = new KnownFiles(),
): Promise<OpenRun | undefined> {
  const running = (await livingOwner(runLock(dir))) !== undefined;
  if (!running && (await exists(join(dir, 'results.json')))) return undefined;
  const record = await files.read(join(dir, 'run.json'), readSketch);
  if (!record) return undefined;
  const { file = '', startedAt = '', jobs: planned } = record;
  return {
    dir: basename(dir),
    running,
    ...(planned ? { planned: planned.length } : {}),
    result: {
      schema: 2,
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
