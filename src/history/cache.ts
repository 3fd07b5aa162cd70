// SPDX-License-Identifier: MIT
import type { JobSummary, RunSummary } from '../model/history.js';
import { statuses } from '../model/status.js';

/** What is known of a folder under results/. */
export interface KnownRun {
  /** Of results.json: the run is read again when either differs. */
  readonly mtimeMs: number;
  readonly size: number;
  /** Absent where the file cannot be read; `reason` then says why. */
  readonly summary?: RunSummary;
  readonly reason?: string;
  /** The jobs' metrics are there too. */
  readonly withMetrics: boolean;
}

export interface KnownRuns {
  readonly units: Readonly<Record<string, string>>;
  readonly runs: ReadonlyMap<string, KnownRun>;
}

// Goes up when anything below changes: an old file is then made again.
const format = 4;

// Thousands of runs repeat the same names: each string is stored once, and a job is a row of numbers, at its end a name
// and a value for each metric. With the names themselves in each row, 2,000 jobs in 100 runs are more than a string holds.
type JobRow = readonly number[];
interface StoredRun extends Pick<KnownRun, 'mtimeMs' | 'size' | 'reason' | 'withMetrics'> {
  readonly dir: string;
  readonly run?: Omit<RunSummary, 'jobs'>;
  readonly jobs?: readonly JobRow[];
}
interface CacheFile {
  readonly format: number;
  readonly units: Readonly<Record<string, string>>;
  readonly strings: readonly string[];
  readonly runs: readonly StoredRun[];
}

const flag = { asExpected: 1, reused: 2 } as const;

/** The text of the cache. Throws RangeError where it is longer than a string can be. */
export function encodeCache({ units, runs }: KnownRuns): string {
  const numbers = new Map<string, number>();
  const numberOf = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, numbers.size);
    return numbers.size - 1;
  };
  const rowOf = (job: JobSummary, withMetrics: boolean): JobRow => {
    const row = [
      numberOf(job.name),
      numberOf(job.kernel),
      numberOf(job.device),
      numberOf(job.test),
      statuses.indexOf(job.status),
      numberOf(job.decidedBy),
      (job.asExpected ? flag.asExpected : 0) | (job.reused ? flag.reused : 0),
      job.inputsKey === undefined ? -1 : numberOf(job.inputsKey),
    ];
    const metrics = withMetrics ? Object.entries(job.metrics) : [];
    for (const [name, value] of metrics) row.push(numberOf(name), value);
    return row;
  };
  const stored = [...runs].map(([dir, { summary, ...known }]): StoredRun => {
    if (!summary) return { dir, ...known };
    const { jobs, ...run } = summary;
    return { dir, ...known, run, jobs: jobs.map((job) => rowOf(job, known.withMetrics)) };
  });
  const file: CacheFile = { format, units, strings: [...numbers.keys()], runs: stored };
  return JSON.stringify(file);
}

const metricsAt = 8;

function jobOf(row: JobRow, strings: readonly string[]): JobSummary {
  const text = (column: number): string => {
    const found = strings[row[column] ?? -1];
    if (found === undefined) throw new RangeError('the cache names a string that it does not have');
    return found;
  };
  const status = statuses[row[4] ?? -1];
  if (status === undefined) throw new RangeError('the cache has a status that is not known');
  const flags = row[6] ?? 0;
  const metrics: Record<string, number> = {};
  for (let column = metricsAt; column < row.length; column += 2) {
    const value = row[column + 1];
    if (value === undefined) throw new RangeError('the cache has a metric without a value');
    metrics[text(column)] = value;
  }
  return {
    name: text(0),
    kernel: text(1),
    device: text(2),
    test: text(3),
    status,
    decidedBy: text(5) as JobSummary['decidedBy'],
    asExpected: (flags & flag.asExpected) !== 0,
    reused: (flags & flag.reused) !== 0,
    ...(row[7] === -1 ? {} : { inputsKey: text(7) }),
    metrics,
  };
}

/** Reads the cache; empty where it is absent, broken or of another version: that only costs time. */
export function decodeCache(text: string | undefined): KnownRuns {
  try {
    const file = JSON.parse(text ?? '') as CacheFile;
    if (file.format !== format) return { units: {}, runs: new Map() };
    const runs = file.runs.map(({ dir, run, jobs = [], ...known }): [string, KnownRun] => {
      const summary = run && { ...run, jobs: jobs.map((row) => jobOf(row, file.strings)) };
      return [dir, { ...known, ...(summary ? { summary } : {}) }];
    });
    return { units: file.units, runs: new Map(runs) };
  } catch {
    return { units: {}, runs: new Map() };
  }
}
