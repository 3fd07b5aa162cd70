// SPDX-License-Identifier: MIT
import type { CaseResult, Fault, JobResult, RunResult } from '../model/result.js';
import { headlineOf } from '../verdict/headline.js';
import { cleanLine } from './text.js';

const byKey = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  // Not localeCompare: the order must not depend on the machine.
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

const caseFields = ({ name, status, reason, metrics }: CaseResult) => ({
  name,
  status,
  ...(reason === undefined ? {} : { reason }),
  metrics: metrics.map((metric) => ({
    name: metric.name,
    value: metric.value,
    unit: metric.unit,
  })),
});

const faultFields = (fault: Fault) => ({
  class: fault.class,
  title: fault.title,
  phase: fault.phase,
  lines: fault.lines,
});

const jobFields = (job: JobResult) => ({
  name: job.name,
  kernel: job.kernel,
  device: job.device,
  test: job.test,
  status: job.status,
  expect: job.expect,
  asExpected: job.asExpected,
  reason: job.reason,
  decidedBy: job.decidedBy,
  reused: job.reused,
  cases: job.cases.map(caseFields),
  faults: job.faults.map(faultFields),
  facts: byKey(job.facts),
  deviceFacts: byKey(job.deviceFacts ?? {}),
  payloadFacts: byKey(job.payloadFacts ?? {}),
  timesMs: byKey(job.timesMs),
  ...(job.caseTimes === undefined ? {} : { caseTimes: byKey(job.caseTimes) }),
});

/** results.json, schema 2 (docs/results.md): the same run gives the same bytes, whatever built the objects. */
export function renderResultsJson(run: RunResult): string {
  const fields = {
    schema: run.schema,
    run: run.run,
    startedAt: run.startedAt,
    ...(run.version === undefined ? {} : { version: run.version }),
    matrix: run.matrix,
    interrupted: run.interrupted,
    headline: cleanLine(headlineOf(run)),
    verdicts: run.verdicts.map((pair) => ({
      base: pair.base,
      patched: pair.patched,
      device: pair.device,
      test: pair.test,
      verdict: pair.verdict,
      ...(pair.stillBroken === undefined ? {} : { stillBroken: pair.stillBroken }),
      ...(pair.mended === undefined ? {} : { mended: pair.mended }),
      ...(pair.newlyBroken === undefined ? {} : { newlyBroken: pair.newlyBroken }),
    })),
    overall: run.overall,
    jobs: run.jobs.map(jobFields),
  };
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}
