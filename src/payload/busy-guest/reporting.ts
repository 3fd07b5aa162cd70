// SPDX-License-Identifier: MIT
import type { JobResult } from '../../model/result.js';
import { formatRatio } from '../../model/units.js';
import { metricOf } from '../metric.js';
import type { ReportingPart } from '../test-program.js';
import { guestEntry } from './guest-entry.js';
import { keyNumbers } from './numbers.js';
import type { BusyGuestParameters } from './parameters.js';
import { sentenceOf } from './sentences.js';
import { signatureOf } from './signatures.js';

/** How often the limit was broken. */
function evidence(job: JobResult): string {
  const quota = job.cases.find(({ name }) => name === 'busy_guest_obeys_quota');
  const ratio = metricOf(quota, 'overrun_ratio');
  return quota?.status === 'FAIL' && ratio !== undefined ? `${formatRatio(ratio)} the quota` : '';
}

export const reporting: ReportingPart<BusyGuestParameters> = {
  describe: sentenceOf,
  comesFirst: (name) => name.startsWith('busy_guest_'),
  kcidbPath: 'kvm.busy_guest',
  measured: ['busy_guest_obeys_quota'],
  keyNumbers,
  overview: (job) => {
    const [usage] = keyNumbers;
    const text = usage.of(job);
    return text === '-' ? undefined : `${text} quota`;
  },
  signature: signatureOf,
  placeInKernel: guestEntry,
  phrases: {
    keeps: 'keeps the limit',
    keepsMany: 'keep the limit',
    breaks: 'breaks the limit',
    breaksMany: 'break the limit',
    onlyOthersFail: 'keeps the limit, and fails',
    scheduler: 'does not even limit a plain loop',
  },
  cpuLimit: ({ quotaUs, periodUs }) => ({ quotaUs, periodUs }),
  bars: [
    {
      heading: 'Kill latency per device',
      caption: 'SIGKILL to exit',
      axis: 'SIGKILL to exit, milliseconds (logarithmic)',
      case: 'busy_guest_dies_at_once',
      metric: 'kill_latency',
      bound: 'bound',
    },
  ],
  evidence,
};
