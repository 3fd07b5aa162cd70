// SPDX-License-Identifier: MIT
import type { JobResult } from '../../model/result.js';
import { formatRatio, formatUs } from '../../model/units.js';
import type { KeyNumber } from '../test-program.js';
import { isControl } from './cases.js';

/** What a metric says, as text. The controls carry metrics of the same names, about something else than the guest. */
const textOf =
  (name: string, format: (value: number) => string) =>
  (job: JobResult): string => {
    const value = job.cases
      .filter((one) => !isControl(one.name))
      .flatMap((one) => one.metrics)
      .find((metric) => metric.name === name)?.value;
    return value === undefined ? '-' : format(value);
  };

/** The numbers that a reader looks for first. */
export const keyNumbers = [
  {
    name: 'usage / quota',
    column: 'usage/quota',
    inMail: 'use/limit',
    of: textOf('overrun_ratio', formatRatio),
  },
  { name: 'worst debt', column: 'worst debt', of: textOf('worst_debt', formatUs) },
  {
    name: 'kill latency',
    column: 'kill latency',
    inMail: 'kill takes',
    of: textOf('kill_latency', formatUs),
  },
] as const satisfies readonly KeyNumber[];
