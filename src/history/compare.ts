// SPDX-License-Identifier: MIT
import type {
  FlakyJob,
  JobChange,
  KernelChange,
  JobSummary,
  MetricChange,
  RunComparison,
  RunSummary,
} from '../model/history.js';
import type { JobResult, RunResult } from '../model/result.js';
import { summarizeKernels } from '../verdict/kernel-summary.js';
import { changeHeadline } from './change-headline.js';
import { findFlaky } from './flaky.js';
import { isUnexpected, metricsOf, summarizeJob, summarizeRun } from './summary.js';

/**
 * Whether a value lies outside [min - range, max + range] of past values, range = max - min. Values that never
 * differed (instruction-counted time) have no range, so any other value is outside.
 */
export function isOutside(value: number, min: number, max: number): boolean {
  const range = max - min;
  return value < min - range || value > max + range;
}

/** The spread of past values that a value has left; undefined where it is in it, or there are none. */
export function spreadLeft(
  value: number,
  past: readonly number[],
): MetricChange['past'] | undefined {
  const min = past.reduce((x, y) => Math.min(x, y), Infinity);
  const max = past.reduce((x, y) => Math.max(x, y), -Infinity);
  return past.length > 0 && isOutside(value, min, max)
    ? { count: past.length, min, max }
    : undefined;
}

const change = (before: JobResult, after: JobResult): JobChange => ({
  job: after.name,
  before: before.status,
  after: after.status,
  reason: after.reason,
});

const keyOf = (job: JobResult): string | undefined => job.facts['inputs_key'];

/** A job's measurements with the same inputs, by its name and those. */
type Measurements = ReadonlyMap<string, readonly JobSummary[]>;

const nameAndInputs = (name: string, inputsKey: string): string => `${inputsKey}\n${name}`;

// Found by name, not by a look at all for each job: there may be a thousand of them in each of a thousand runs.
function measurementsIn(past: readonly RunSummary[]): Measurements {
  const found = new Map<string, JobSummary[]>();
  for (const job of past.flatMap(({ jobs }) => jobs)) {
    if (job.inputsKey === undefined || job.reused) continue;
    const key = nameAndInputs(job.name, job.inputsKey);
    const known = found.get(key);
    if (known) known.push(job);
    else found.set(key, [job]);
  }
  return found;
}

/** The earlier measurements of what `a` measured: `a` itself, and jobs of its name with its inputs. */
function measurementsOf(a: JobResult, past: Measurements): readonly JobSummary[] {
  const key = keyOf(a);
  if (key === undefined) return [summarizeJob(a)];
  const earlier = past.get(nameAndInputs(a.name, key)) ?? [];
  // Where `a` was reused, the run that it was taken from is among the past ones.
  return a.reused && earlier.length > 0 ? earlier : [...earlier, summarizeJob(a)];
}

function moved(a: JobResult, b: JobResult, past: Measurements): readonly MetricChange[] {
  const values = new Map<string, number[]>();
  for (const { metrics } of measurementsOf(a, past)) {
    for (const [name, value] of Object.entries(metrics)) {
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
  }
  const before = new Map(metricsOf(a).map(({ name, value }) => [name, value]));
  return metricsOf(b).flatMap(({ name, value, unit }): readonly MetricChange[] => {
    const last = before.get(name);
    const known = values.get(name) ?? [];
    const spread = spreadLeft(value, known);
    if (last === undefined || spread === undefined) return [];
    const rule = known.length >= 2 ? 'spread' : 'changed';
    return [{ job: b.name, metric: name, unit, before: last, after: value, rule, past: spread }];
  });
}

/**
 * What changed from run `a` to run `b`. A job fails where its status is not the expected one and its device is
 * there. A metric moved where it leaves the spread of past values with the inputs that it had in `a`: outside
 * [min - range, max + range], or, with a single past value, different from it.
 * @param past runs before `b` from the index, in any order; `a` and `b` may be among them
 */
export function compareRuns(
  a: RunResult,
  b: RunResult,
  past: readonly RunSummary[] = [],
): RunComparison {
  const others = past.filter(({ run }) => run !== a.run && run !== b.run);
  const measurements = measurementsIn(others);
  const before = new Map(a.jobs.map((job) => [job.name, job]));
  const after = new Set(b.jobs.map(({ name }) => name));
  const pairs = b.jobs.flatMap((job): readonly (readonly [JobResult, JobResult])[] => {
    const old = before.get(job.name);
    return old ? [[old, job]] : [];
  });
  const where = (wasWrong: boolean, isWrong: boolean): readonly JobChange[] =>
    pairs
      .filter(([old, job]) => isUnexpected(old) === wasWrong && isUnexpected(job) === isWrong)
      .map(([old, job]) => change(old, job));
  const found = {
    a: a.run,
    b: b.run,
    kernels: kernelChanges(a, b),
    newFailures: where(false, true),
    fixed: where(true, false),
    stillFailing: where(true, true),
    otherStatus: where(false, false).filter((one) => one.before !== one.after),
    newJobs: b.jobs.filter(({ name }) => !before.has(name)).map(({ name }) => name),
    vanishedJobs: a.jobs.filter(({ name }) => !after.has(name)).map(({ name }) => name),
    metrics: pairs.flatMap(([old, job]) => moved(old, job, measurements)),
    flaky: flakyOf(b, [...others, summarizeRun(a), summarizeRun(b)]),
  };
  return { ...found, headline: changeHeadline(found) };
}

/** The kernels that are other versions or commits than before. */
function kernelChanges(a: RunResult, b: RunResult): readonly KernelChange[] {
  const before = new Map(summarizeKernels(a.jobs).map((one) => [one.kernel, one.identity]));
  return summarizeKernels(b.jobs).flatMap(({ kernel, identity: after }) => {
    const known = before.get(kernel);
    return known === undefined || known === after ? [] : [{ kernel, before: known, after }];
  });
}

/** Flaky jobs whose inputs and device run `b` has too. */
function flakyOf(b: RunResult, runs: readonly RunSummary[]): readonly FlakyJob[] {
  const own = new Set(b.jobs.map((job) => JSON.stringify([keyOf(job), job.device])));
  return findFlaky(oldestFirst(runs)).filter(({ inputsKey, device }) =>
    own.has(JSON.stringify([inputsKey, device])),
  );
}

function oldestFirst(runs: readonly RunSummary[]): readonly RunSummary[] {
  return [...runs].sort((x, y) =>
    x.startedAt < y.startedAt ? -1 : x.startedAt > y.startedAt ? 1 : 0,
  );
}
