// SPDX-License-Identifier: MIT
import type { PairVerdict, RunResult } from '../model/result.js';
import type { Verdict } from '../model/status.js';
import { isRelative } from '../verdict/relative.js';

/** What each verdict means for the one who has to decide about the series. */
const meaning: Readonly<Record<Verdict | 'none', string>> = {
  fixed: 'the base lets the guest exceed its limit; with the series the limit holds',
  'not-reproduced': 'the limit holds on the base, and it holds with the series',
  'no-effect': 'the base lets the guest exceed its limit, and the series does not change that',
  regressed: 'the base keeps the limit, and the series breaks it',
  inconclusive: 'jobs that neither pass nor fail the test leave it open',
  unchanged: 'every test gives the same on the base and with the series',
  none: 'there was nothing to compare',
};

/**
 * The verdict as a sentence. Where machines differ it says for which ones each part holds, the worst first: the verdict
 * of the run is that of one of them only.
 */
export function meaningOf({ overall, verdicts, jobs }: RunResult): string {
  const jobOf = ({ patched, device, test }: PairVerdict) =>
    jobs.find((job) => job.kernel === patched && job.device === device && job.test === test);
  const ofSelftests = (pair: PairVerdict): boolean => {
    const job = jobOf(pair);
    return job !== undefined && isRelative(job);
  };
  const worst = verdicts.filter(({ verdict }) => verdict === overall);
  // A series may keep the limit and break other tests.
  if (overall === 'regressed' && worst.every(ofSelftests)) {
    return 'the series breaks selftests that pass on the base.';
  }
  const last = verdicts.at(-1)?.patched;
  const counted = verdicts.filter(
    (pair) => pair.patched === last && !ofSelftests(pair) && jobOf(pair)?.decidedBy !== 'device',
  );
  const kinds = [...new Set(counted.map(({ verdict }) => verdict))];
  if (kinds.length < 2) return `${meaning[overall]}.`;
  kinds.sort((a, b) => Number(b === overall) - Number(a === overall));
  const tests = new Set(counted.map(({ test }) => test));
  const where = ({ device, test }: PairVerdict): string =>
    `${device.replace(/^qemu-/, '')}${tests.size > 1 ? ` (${test})` : ''}`;
  const parts = kinds.map((kind) => {
    const own = counted.filter(({ verdict }) => verdict === kind);
    return `on ${own.map(where).join(', ')} ${meaning[kind]}`;
  });
  return `${parts.join('; ')}.`;
}
