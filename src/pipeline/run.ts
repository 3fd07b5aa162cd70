// SPDX-License-Identifier: MIT
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { deviceOf } from '../devices/registry.js';
import type { Boot, Device } from '../devices/device.js';
import type { EventSink } from '../model/event.js';
import { InfraError, InterruptedError } from '../model/errors.js';
import { kernelId, runningKernel, type Job, type JobMatrix } from '../model/job.js';
import type { JobResult, RunResult } from '../model/result.js';
import { version } from '../model/version.js';
import { programOf } from '../payload/registry.js';
import { overallVerdict, judgePair, pairUp } from '../verdict/pair.js';
import { expectOfRelative, expectSoFar } from '../verdict/relative-expectations.js';
import { isFull } from '../system/disk.js';
import { temporaryFor } from '../system/files.js';
import { removeHalfWritten } from '../system/scratch.js';
import { bootOf, bootWithId, expectedConsole } from './boot.js';
import type { Bootable } from './bootable.js';
import { lacksForImage, otherImageOf } from './images.js';
import { JobFiles } from './job-files.js';
import type { Lab } from './lab.js';
import { prepare, type Prepared } from './prepare.js';
import { inputsKey, recall, remember } from './reuse.js';
import { judgeInfra, judgeUnbooted, judgeWatched } from './job-result.js';
import { watchJob, type Watched } from './watch.js';

/** How to run a matrix. */
export interface RunOptions {
  /** The run's folder; made by the caller. */
  readonly dir: string;
  readonly startedAt: string;
  /** Jobs at once; default one a CPU. */
  readonly parallel?: number;
  /** Run jobs whose inputs are unchanged too. */
  readonly fresh: boolean;
  /** Build kernels from nothing, those in the cache too. */
  readonly clean?: boolean;
  /** Start no more jobs after the first unexpected result. */
  readonly failFast: boolean;
  /** Where the jobs run; undefined: on this machine. */
  readonly lab?: Lab;
}

/** Runs a matrix: builds, boots, judges. Results stand in the matrix's order, whatever ended first. */
export async function runMatrix(
  matrix: JobMatrix,
  options: RunOptions,
  signal: AbortSignal,
  emit: EventSink,
): Promise<RunResult> {
  const names = matrix.jobs.map((job) => job.name);
  const folders = names.map((name) => join(options.dir, name));
  for (const dir of [dirname(options.dir), options.dir, ...folders]) await removeHalfWritten(dir);
  emit({ kind: 'run-start', run: basename(options.dir), dir: options.dir, jobs: names });
  const stop = new AbortController();
  const jobSignal = AbortSignal.any([signal, stop.signal]);
  const results = new Map<string, JobResult>();
  const finish = async (job: Job, found: JobResult): Promise<void> => {
    const result = expectSoFar(found, [...results.values()], matrix.kernels);
    results.set(job.name, result);
    await new JobFiles(join(options.dir, job.name)).writeStatus(result);
    emit({ kind: 'job-end', job: job.name, result });
    if (options.failFast && !result.asExpected && result.status !== 'SKIP') stop.abort();
  };

  const open = await takeFinished(matrix, options.dir, results, emit);
  try {
    if (open.length > 0) await options.lab?.check();
    const possible = await skipMissingDevices(open, options, finish);
    if (possible.length > 0) {
      const needed = { ...matrix, jobs: possible };
      const { lab, clean = false, parallel = availableParallelism() } = options;
      const prepared = await prepare(needed, signal, emit, {
        clean,
        ...(!lab && { parallel }),
      });
      await lab?.publish(bootsOf(possible, prepared), signal);
      await inParallel(possible, parallel, async (job) => {
        if (jobSignal.aborted) return;
        emit({ kind: 'job-start', job: job.name });
        await finish(job, await runJob(job, prepared, options, jobSignal, emit));
      });
    }
  } catch (error) {
    // Whatever went wrong, no other job keeps running.
    stop.abort();
    if (!signal.aborted && !(error instanceof InterruptedError)) throw error;
  }
  return assemble(matrix, options, results, signal.aborted);
}

/** Jobs that an interrupted run has finished keep their results; the rest is returned. */
async function takeFinished(
  matrix: JobMatrix,
  dir: string,
  results: Map<string, JobResult>,
  emit: EventSink,
): Promise<Job[]> {
  const open: Job[] = [];
  for (const job of matrix.jobs) {
    const result = await new JobFiles(join(dir, job.name)).readStatus();
    const final = result && result.status !== 'MISS' && result.decidedBy !== 'infrastructure';
    if (final) results.set(job.name, result);
    else open.push(job);
  }
  if (results.size > 0) emit({ kind: 'note', text: `${results.size} jobs were finished before` });
  return open;
}

// Before anything is built: a kernel that no device can boot need not be.
async function skipMissingDevices(
  jobs: readonly Job[],
  options: RunOptions,
  finish: (job: Job, result: JobResult) => Promise<void>,
): Promise<Job[]> {
  const possible: Job[] = [];
  for (const job of jobs) {
    const device = await deviceFor(job, options);
    const missing = await device.missing();
    const reasons = [...mismatch(job, device), ...missing];
    if (reasons.length > 0) await finish(job, judgeUnbooted(job, { deviceMissing: reasons }));
    else possible.push(job);
  }
  return possible;
}

async function deviceFor(job: Job, { lab, dir }: RunOptions): Promise<Device> {
  return lab ? lab.deviceOf(job, join(dir, job.name)) : deviceOf(job);
}

function bootsOf(jobs: readonly Job[], prepared: ReadonlyMap<string, Prepared>): Boot[] {
  return jobs.flatMap((job) => {
    const outcome = prepared.get(kernelId(job.kernel));
    return outcome && 'kernel' in outcome && isBootable(job, outcome.kernel)
      ? [bootOf(job, outcome.kernel)]
      : [];
  });
}

/** Whether the job has an image to boot. */
function isBootable(job: Job, kernel: Bootable): boolean {
  const image = otherImageOf(job, kernel);
  return image === undefined || 'image' in image;
}

/** A device that boots nothing tests the kernel that runs there, and no other device does. */
function mismatch(job: Job, device: Device): string[] {
  const wantsRunning = job.kernel.source === runningKernel;
  if (wantsRunning === (device.testsRunningKernel ?? false)) return [];
  return [
    wantsRunning
      ? `${device.name} boots kernels: name one instead of "source: ${runningKernel}"`
      : `${device.name} tests the kernel that runs there: "source: ${runningKernel}"`,
  ];
}

async function runJob(
  job: Job,
  prepared: ReadonlyMap<string, Prepared>,
  options: RunOptions,
  signal: AbortSignal,
  emit: EventSink,
): Promise<JobResult> {
  const files = new JobFiles(join(options.dir, job.name));
  await files.writeJob(job);
  const outcome = prepared.get(kernelId(job.kernel));
  if (outcome === undefined) throw new Error(`kernel ${job.kernel.name} was not prepared`);
  if ('failure' in outcome) {
    await files.keepBuildLog(outcome.log);
    return judgeUnbooted(job, { buildError: outcome.failure }, outcome.facts);
  }
  const { kernel } = outcome;
  await files.keepBuildLog(kernel.log);
  await files.keepSources(kernel);
  const lacks = [...kernel.lacks, ...lacksForImage(job)];
  if (lacks.length > 0) return judgeUnbooted(job, { kernelLacks: lacks }, kernel.facts);
  const image = otherImageOf(job, kernel);
  if (image && 'failure' in image) {
    await files.keepBuildLog(image.log);
    return judgeUnbooted(job, { buildError: image.failure }, kernel.facts);
  }
  try {
    const device = await deviceFor(job, options);
    const boot = await bootWithId(job, kernel, device, options);
    await files.writeBoot(boot);
    const key = await inputsKey(kernel, device, boot);
    const earlier =
      options.fresh || key === undefined
        ? undefined
        : await recall(key, files, expectedConsole(job, boot));
    const watched = earlier ?? (await watchJob(job, device, boot, files, signal, emit));
    await files.writeFindings(watched.findings);
    const facts = {
      ...kernel.facts,
      ...image?.facts,
      ...programOf(job.test).machine.facts(job.test.parameters),
      device_used: device.name,
      ...(key !== undefined && { inputs_key: key }),
    };
    const seen = Date.now();
    const result = judgeWatched(job, device, watched, facts, earlier !== undefined);
    const judge = Date.now() - seen;
    if (!earlier && key !== undefined) await keep(key, files, watched, result, emit);
    return {
      ...result,
      timesMs: { build: kernel.buildMs, image: kernel.imageMs, ...result.timesMs, judge },
    };
  } catch (error) {
    if (error instanceof InterruptedError || signal.aborted) {
      return judgeUnbooted(job, { interrupted: true });
    }
    if (error instanceof InfraError) return judgeInfra(job, error);
    throw error;
  }
}

/** Keeps a result for later runs; a full disk is told, and costs no result. */
async function keep(
  key: string,
  files: JobFiles,
  watched: Watched,
  result: JobResult,
  emit: EventSink,
): Promise<void> {
  await remember(key, files, watched, result).catch((error: unknown) => {
    if (!isFull(error)) throw error;
    const text = `${result.name}: not kept for later runs: no space left in the cache`;
    emit({ kind: 'note', text });
  });
}

async function inParallel(
  jobs: readonly Job[],
  width: number,
  work: (job: Job) => Promise<void>,
): Promise<void> {
  const queue = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: Math.min(width, jobs.length) }, worker));
}

function assemble(
  matrix: JobMatrix,
  options: RunOptions,
  results: ReadonlyMap<string, JobResult>,
  interrupted: boolean,
): RunResult {
  const jobs = matrix.jobs.map(
    (job) => results.get(job.name) ?? judgeUnbooted(job, { interrupted: true }),
  );
  const pairs = pairUp(jobs, matrix.kernels);
  return {
    schema: 2,
    run: basename(options.dir),
    startedAt: options.startedAt,
    version,
    matrix: matrix.file,
    verdicts: pairs.map(judgePair),
    overall: overallVerdict(pairs),
    jobs: expectOfRelative(jobs, pairs),
    interrupted,
  };
}

/** Makes the folder of a new run below `results`, named by time and matrix; never one that exists. */
export async function makeRunDir(results: string, matrixName: string, now: Date): Promise<string> {
  const stamp = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  await mkdir(results, { recursive: true });
  for (let n = 1; ; n++) {
    const dir = join(results, `${stamp}-${matrixName}${n === 1 ? '' : `-${n}`}`);
    try {
      await mkdir(dir);
      return dir;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Points results/latest at a run. There is a link all the time, however many runs end together. */
export async function linkLatest(results: string, dir: string): Promise<void> {
  const link = join(results, 'latest');
  const temporary = temporaryFor(link);
  try {
    await symlink(basename(dir), temporary);
    await rename(temporary, link);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
