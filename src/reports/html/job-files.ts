// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { testSpec } from '../../payload/test-spec.js';
import type { TestSpec } from '../../model/job.js';
import type { Sample } from '../../model/result.js';
import { isFileName, readEnd } from '../../system/files.js';
import { parseJson, readInput } from '../../system/input.js';
import { plainPath } from '../../system/plain-folder.js';

/** What the page takes from a job's folder; empty where a file is absent or cannot be read. */
export interface JobFiles {
  /** Names of the files that can be linked, sorted. */
  readonly raw: readonly string[];
  readonly samples: readonly Sample[];
  readonly test?: TestSpec;
  /** The end of the console. */
  readonly tail: readonly string[];
}

export const noFiles: JobFiles = { raw: [], samples: [], tail: [] };

const tailBytes = 8 * 1024;
/** The most of a samples.json that is read: 24,576 samples of 150 bytes are written at most. */
const mostJsonBytes = 64 * 1024 ** 2;

async function readJson(folder: string, name: string): Promise<unknown> {
  try {
    const path = await plainPath(folder, name);
    if (path === undefined) return undefined;
    return parseJson(path, (await readInput(path, mostJsonBytes)).toString('utf8'));
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const sampleNumbers = ['tUs', 'usageUs', 'periods', 'throttled', 'throttledUs'] as const;

function isSample(value: unknown): value is Sample {
  return (
    isRecord(value) &&
    typeof value['phase'] === 'string' &&
    sampleNumbers.every((name) => Number.isFinite(value[name]))
  );
}

const testIn = (job: unknown): TestSpec | undefined => {
  const parsed = testSpec.safeParse(isRecord(job) ? job['test'] : undefined);
  return parsed.success ? parsed.data : undefined;
};

async function readTail(folder: string): Promise<readonly string[]> {
  const path = await plainPath(folder, 'console.log');
  const end = path === undefined ? path : await readEnd(path, tailBytes).catch(() => undefined);
  if (end === undefined) return [];
  const { text, skipped } = end;
  const lines = text.split('\n');
  return skipped > 0 ? [`[... ${skipped} bytes before this ...]`, ...lines.slice(1)] : lines;
}

/** Regular files only: a link may lead elsewhere, or nowhere once the folder is copied. */
async function linkable(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

/** Reads what a job left in its run's folder. Never throws: a report shows what is there. */
export async function readJobFiles(dir: string, job: string): Promise<JobFiles> {
  if (!isFileName(job)) return noFiles;
  const folder = await plainPath(dir, job);
  if (folder === undefined) return noFiles;
  const [raw, samples, test, tail] = await Promise.all([
    linkable(folder),
    readJson(folder, 'samples.json'),
    readJson(folder, 'job.json').then(testIn),
    readTail(folder),
  ]);
  return {
    raw,
    samples: Array.isArray(samples) ? samples.filter(isSample) : [],
    ...(test ? { test } : {}),
    tail,
  };
}
