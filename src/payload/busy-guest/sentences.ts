// SPDX-License-Identifier: MIT
import type { CaseResult } from '../../model/result.js';
import { formatRatio, formatUs } from '../../model/units.js';
import { metricOf } from '../metric.js';

type Sentence = (metric: (name: string) => number | undefined) => string | undefined;

/** What the number that a case is about says, for the cases that have one. */
const sentences: Readonly<Record<string, Sentence>> = {
  control_guest_unlimited: (metric) => {
    const usage = metric('usage');
    const window = metric('window');
    return usage !== undefined && window !== undefined
      ? `the guest got ${((100 * usage) / window).toFixed(0)} % of a CPU without a limit`
      : undefined;
  },
  control_host_loop_obeys_quota: (metric) => overrun(metric('overrun_ratio')),
  busy_guest_obeys_quota: (metric) => {
    const ratio = overrun(metric('overrun_ratio'));
    const windows = metric('windows');
    const log10 = metric('evidence_log10');
    return ratio === undefined || windows === undefined || log10 === undefined
      ? ratio
      : `${ratio} in ${windows} windows (error below 1e-${Math.floor(log10)})`;
  },
  busy_guest_is_throttled: (metric) => {
    const throttledUs = metric('throttled');
    const count = metric('nr_throttled');
    return throttledUs !== undefined && count !== undefined
      ? `throttled ${count} times for ${formatUs(throttledUs)} in all`
      : undefined;
  },
  busy_guest_debt_bounded: (metric) => {
    const debtUs = metric('worst_debt');
    const boundUs = metric('bound');
    if (debtUs === undefined) return undefined;
    return `worst debt ${formatUs(debtUs)}${boundUs === undefined ? '' : `, bound ${formatUs(boundUs)}`}`;
  },
  busy_guest_makes_progress: (metric) => {
    const progress = metric('guest_progress');
    return progress === undefined ? undefined : `the guest's counter moved by ${progress}`;
  },
  busy_guest_dies_at_once: (metric) => {
    const latencyUs = metric('kill_latency');
    return latencyUs === undefined ? undefined : `gone ${formatUs(latencyUs)} after SIGKILL`;
  },
};

function overrun(ratio: number | undefined): string | undefined {
  return ratio === undefined ? undefined : `${formatRatio(ratio)} the quota`;
}

/** What the number that a case is about says. */
export function sentenceOf(result: CaseResult): string | undefined {
  return sentences[result.name]?.((name) => metricOf(result, name));
}
