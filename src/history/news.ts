// SPDX-License-Identifier: MIT
import type { FlakyJob, MetricChange, News, RunComparison, RunSummary } from '../model/history.js';
import type { RunResult } from '../model/result.js';
import { spreadLeft } from './compare.js';
import { metricsOf } from './summary.js';

/** So many kernels must have been measured before a metric of another one can be said to have moved. */
export const fewestKernels = 4;

/**
 * What is new in a run: status by the comparison with the run before it; flaky jobs whose first contradiction is in this
 * run; metrics that left the spread of earlier runs.
 * @param past earlier runs of the same subject, in any order
 */
export function newsOf(
  run: RunResult,
  comparison: RunComparison,
  past: readonly RunSummary[],
): News {
  const { newFailures, fixed } = comparison;
  return {
    newFailures,
    fixed,
    flaky: comparison.flaky.filter((one) => isFirstContradiction(one, run)),
    metrics: movedOverNights(run, comparison, past),
  };
}

function isFirstContradiction({ job, inputsKey, passed, failed, runs }: FlakyJob, run: RunResult) {
  if (runs.at(-1) !== run.run) return false;
  const own = run.jobs.find(({ name, facts }) => name === job && facts['inputs_key'] === inputsKey);
  return own !== undefined && (own.status === 'PASS' ? passed : failed) === 1;
}

/**
 * A branch brings another kernel every night, and in counted time each shifts the last digits of every metric. So a metric
 * of a new kernel is compared with what all kernels of the past nights gave; with the same kernel, what `compare` says counts.
 */
function movedOverNights(
  run: RunResult,
  { metrics }: RunComparison,
  past: readonly RunSummary[],
): readonly MetricChange[] {
  return run.jobs.flatMap((job): readonly MetricChange[] => {
    if (job.reused) return [];
    const key = job.facts['inputs_key'];
    const measured = past.flatMap(({ jobs }) =>
      jobs.filter(({ name, reused }) => name === job.name && !reused),
    );
    // What identical inputs gave is in the comparison.
    if (measured.some(({ inputsKey }) => inputsKey !== undefined && inputsKey === key)) {
      return metrics.filter((one) => one.job === job.name);
    }
    const kernels = new Set(measured.map(({ inputsKey }) => inputsKey)).size;
    if (kernels < fewestKernels) return [];
    return metricsOf(job).flatMap(({ name, value, unit }): readonly MetricChange[] => {
      const values = measured.flatMap((one) => one.metrics[name] ?? []);
      const before = values.at(-1);
      if (values.length < fewestKernels || before === undefined) return [];
      const spread = spreadLeft(value, values);
      if (spread === undefined) return [];
      return [
        { job: job.name, metric: name, unit, before, after: value, rule: 'spread', past: spread },
      ];
    });
  });
}

const dayMs = 24 * 60 * 60 * 1000;

/** How many nights had none between two, where each day has one: a night that is late is none that was missed. */
export function missedNights(before: string | undefined, nowMs: number): number {
  const beforeMs = Date.parse(before ?? '');
  return Number.isFinite(beforeMs) ? Math.max(0, Math.round((nowMs - beforeMs) / dayMs) - 1) : 0;
}
