// SPDX-License-Identifier: MIT
import { isControl } from './cases.js';
import type { JobResult } from '../../model/result.js';
import { formatRatio, formatUs } from '../../model/units.js';

/** The numbers of a job that a reader looks for first, as text; `-` where the job has none. */
export interface JobNumbers {
  readonly usageOfQuota: string;
  readonly worstDebt: string;
  readonly killLatency: string;
}

// The controls carry metrics of the same names, about something else than the guest under the limit.
function guestMetric(job: JobResult, name: string): number | undefined {
  return job.cases
    .filter((one) => !isControl(one.name))
    .flatMap((one) => one.metrics)
    .find((metric) => metric.name === name)?.value;
}

/** Finds the numbers in a job's metrics. */
export function numbersOf(job: JobResult): JobNumbers {
  const text = (name: string, format: (value: number) => string): string => {
    const value = guestMetric(job, name);
    return value === undefined ? '-' : format(value);
  };
  return {
    usageOfQuota: text('overrun_ratio', formatRatio),
    worstDebt: text('worst_debt', formatUs),
    killLatency: text('kill_latency', formatUs),
  };
}
