// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import type { JobSummary, RunSummary } from '../model/history.js';
import type { JobResult, RunResult } from '../model/result.js';
import { headlineOf } from '../verdict/headline.js';
import { summarizeKernels } from '../verdict/kernel-summary.js';

/** A metric of a job under the name that it has in history: `<case>.<metric>`. */
export interface NamedMetric {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** Every finite metric of a job, named by its case too: the controls use names of the guest's. */
export function metricsOf(job: JobResult): readonly NamedMetric[] {
  return job.cases.flatMap((one) =>
    one.metrics
      .filter(({ value }) => Number.isFinite(value))
      .map(({ name, value, unit }) => ({ name: `${one.name}.${name}`, value, unit })),
  );
}

/** What history keeps of a job. */
export function summarizeJob(job: JobResult): JobSummary {
  const inputsKey = job.facts['inputs_key'];
  return {
    name: job.name,
    kernel: job.kernel,
    device: job.device,
    test: job.test,
    status: job.status,
    asExpected: job.asExpected,
    decidedBy: job.decidedBy,
    reused: job.reused,
    ...(inputsKey === undefined ? {} : { inputsKey }),
    metrics: Object.fromEntries(metricsOf(job).map(({ name, value }) => [name, value])),
  };
}

const unique = (words: readonly string[]): string[] => [...new Set(words.filter(Boolean))];

/** Versions or commits of the kernels, and the patches of the last. */
function testedOf(jobs: readonly JobResult[]): string {
  const kernels = summarizeKernels(jobs);
  const identities = unique(kernels.map(({ identity, kernel }) => identity || kernel));
  const patches = kernels.at(-1)?.jobs[0]?.facts['kernel_patches'] ?? 'none';
  return [identities.join(', '), ...(patches === 'none' ? [] : [patches])].join(' + ');
}

/**
 * Tree or package of each kernel without its version, with the matrix's name; of a check also its first patch, for
 * each check is about a series of its own.
 */
function subjectOf({ matrix, jobs }: RunResult): string {
  const name = basename(matrix);
  const sourceOf = ({ facts }: JobResult): string => {
    const [word = ''] = (facts['kernel_source'] ?? '').split(' ');
    return word.replace(/(?<![\w.+~-])((?:[a-z_.+~]|-(?!\d))*)-?\d[\w.+~-]*(?=$|-powerpc)/i, '$1');
  };
  const patched = jobs.at(-1)?.facts['kernel_patches'] ?? '';
  const series = name === 'check.yaml' ? [patched.split(' ')[0] ?? ''] : [];
  return [name, ...unique(jobs.map(sourceOf)).sort(), ...series].join('\n');
}

/** What history keeps of a run. @param dir name of its folder under results/ */
export function summarizeRun(run: RunResult, dir: string = run.run): RunSummary {
  return {
    dir,
    run: run.run,
    startedAt: run.startedAt,
    matrix: run.matrix,
    overall: run.overall,
    interrupted: run.interrupted,
    headline: headlineOf(run),
    tested: testedOf(run.jobs),
    subject: subjectOf(run),
    jobs: run.jobs.map(summarizeJob),
  };
}

type Outcome = Pick<JobSummary, 'asExpected' | 'status' | 'decidedBy'>;

/** Neither as expected nor skipped for want of its device. */
export function isUnexpected({ asExpected, status, decidedBy }: Outcome): boolean {
  return !asExpected && !(status === 'SKIP' && decidedBy === 'device');
}
