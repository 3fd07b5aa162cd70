// SPDX-License-Identifier: MIT
import type { JobSummary, RunSummary } from '../model/history.js';
import type { JobResult, RunResult } from '../model/result.js';

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

/** What history keeps of a run. @param dir name of its folder under results/ */
export function summarizeRun(run: RunResult, dir: string = run.run): RunSummary {
  return {
    dir,
    run: run.run,
    startedAt: run.startedAt,
    matrix: run.matrix,
    overall: run.overall,
    interrupted: run.interrupted,
    jobs: run.jobs.map(summarizeJob),
  };
}

type Outcome = Pick<JobSummary, 'asExpected' | 'status' | 'decidedBy'>;

/** Neither as expected nor skipped for want of its device. */
export function isUnexpected({ asExpected, status, decidedBy }: Outcome): boolean {
  return !asExpected && !(status === 'SKIP' && decidedBy === 'device');
}
