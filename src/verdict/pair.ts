// SPDX-License-Identifier: MIT
import type { KernelSpec } from '../model/job.js';
import { programOf } from '../payload/registry.js';
import type { JobResult, PairVerdict } from '../model/result.js';
import type { Verdict } from '../model/status.js';
import { breaksLimit } from './answer.js';
import { bringsFault, brokenCases, caseChanges } from './case-changes.js';
import { isRelative, relativeVerdict } from './relative.js';

/** Two jobs that differ in their kernel only. */
export interface Pair {
  readonly base: JobResult;
  readonly patched: JobResult;
}

/** What a job says of the limit. A fault says something else, and everything but PASS and FAIL nothing. */
function outcomeOf(job: JobResult): 'holds' | 'broken' | 'fault' | 'unknown' {
  if (job.status === 'PASS') return 'holds';
  if (breaksLimit(job)) return 'broken';
  return job.status === 'FAIL' && job.decidedBy === 'fault' ? 'fault' : 'unknown';
}

/**
 * What a base and a patched job say about the patch. The worst that it does counts: a case that it breaks, then a limit
 * that stays broken. A case that says nothing of the limit by itself hides neither, nor that the limit is mended. A
 * fault of the patched kernel is a regression only where the base got through the test without it; a base that has a
 * fault itself shows nothing.
 */
export function pairVerdict(base: JobResult, patched: JobResult): Verdict {
  if (isRelative(patched)) return relativeVerdict(base, patched);
  const before = outcomeOf(base);
  const after = outcomeOf(patched);
  if (before !== 'holds' && before !== 'broken') return 'inconclusive';
  if (after === 'fault') return bringsFault(base, patched) ? 'regressed' : 'inconclusive';
  if (after === 'unknown') return 'inconclusive';
  const { stillBroken, mended, newlyBroken } = caseChanges(base, patched);
  if (newlyBroken.length > 0) return 'regressed';
  if (before === 'holds') return after === 'holds' ? 'not-reproduced' : 'inconclusive';
  if (after === 'holds') return mended.length > 0 ? 'fixed' : 'inconclusive';
  const { judging } = programOf(patched);
  const decide = (names: readonly string[]): boolean =>
    names.some((name) => judging.isDecisive(name));
  const isMended = decide(mended) && !decide(brokenCases(patched));
  return isMended ? 'fixed' : stillBroken.length > 0 ? 'no-effect' : 'inconclusive';
}

/** Joins each job with that of its kernel's `base` on the same device and test, in the order of the jobs. */
export function pairUp(
  jobs: readonly JobResult[],
  kernels: readonly Pick<KernelSpec, 'name' | 'base'>[],
): readonly Pair[] {
  return jobs.flatMap((patched) => {
    const baseKernel = kernels.find((kernel) => kernel.name === patched.kernel)?.base;
    const base = jobs.find(
      (job) =>
        job.kernel === baseKernel && job.device === patched.device && job.test === patched.test,
    );
    return base ? [{ base, patched }] : [];
  });
}

/** A pair with its verdict as results.json carries it. */
export function judgePair({ base, patched }: Pair): PairVerdict {
  return {
    base: base.kernel,
    patched: patched.kernel,
    device: patched.device,
    test: patched.test,
    verdict: pairVerdict(base, patched),
    ...caseChanges(base, patched),
  };
}

const worstFirst: readonly Verdict[] = [
  'regressed',
  'no-effect',
  'not-reproduced',
  'inconclusive',
  'fixed',
  'unchanged',
];

const lacksDevice = (job: JobResult): boolean =>
  job.status === 'SKIP' && job.decidedBy === 'device';

/**
 * The worst verdict of all pairs; `none` without pairs. A device that is not here says nothing, so its
 * pairs do not count, unless there are no others. Beside a test of its own, what a tree's selftests say counts only
 * where something is broken.
 */
export function overallVerdict(pairs: readonly Pair[]): Verdict | 'none' {
  const ran = pairs.filter(({ base, patched }) => !(lacksDevice(base) && lacksDevice(patched)));
  const some = ran.length > 0 ? ran : pairs;
  const others = some.filter(({ patched }) => !isRelative(patched));
  const breaks = ({ base, patched }: Pair): boolean => pairVerdict(base, patched) === 'regressed';
  const counted = others.length > 0 ? [...others, ...some.filter(breaks)] : some;
  const found = new Set(counted.map(({ base, patched }) => pairVerdict(base, patched)));
  return worstFirst.find((verdict) => found.has(verdict)) ?? 'none';
}
