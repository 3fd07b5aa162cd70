// SPDX-License-Identifier: MIT
import type { Sample } from '../../model/result.js';
import type { CpuLimit } from '../../payload/test-program.js';

/** x in seconds since the window opened, y in seconds of CPU time. */
export type Point = readonly [x: number, y: number];

/** One job as lines of a plot. */
export interface JobSeries {
  readonly kernel: string;
  /** Style of its line, from 0. */
  readonly style: number;
  readonly usage: readonly Point[];
  /** Quota earned minus usage: below zero is debt. */
  readonly remaining: readonly Point[];
  /** cfs_rq->runtime_remaining as the kernel has it, where it was traced. */
  readonly measured?: readonly Point[];
  /** When SIGKILL was sent, and when the process was gone, seconds. */
  readonly killS?: number;
  readonly goneS?: number;
}

const seconds = (us: number): number => us / 1_000_000;

/**
 * At most `most` points with the first, the last, and the lowest and highest between: no spike is lost, which
 * an average would do.
 */
export function thin(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  const kept = new Set<number>([0, points.length - 1]);
  const buckets = Math.max(1, Math.floor((most - 2) / 2));
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const from = 1 + Math.floor((bucket * (points.length - 2)) / buckets);
    const to = 1 + Math.floor(((bucket + 1) * (points.length - 2)) / buckets);
    let [low, high] = [from, from];
    for (let index = from; index < to; index += 1) {
      const y = points[index]?.[1] ?? 0;
      if (y < (points[low]?.[1] ?? 0)) low = index;
      if (y > (points[high]?.[1] ?? 0)) high = index;
    }
    kept.add(low).add(high);
  }
  return points.filter((_, index) => kept.has(index));
}

/** The samples of the first case that has some: where time goes back, the window of another one opens. */
function firstWindow(all: readonly Sample[]): readonly Sample[] {
  const next = all.findIndex(({ tUs }, index) => tUs < (all[index - 1]?.tUs ?? 0));
  return next < 0 ? all : all.slice(0, next);
}

/** Lines of a job; undefined without samples. */
export function seriesOf(
  kernel: string,
  style: number,
  all: readonly Sample[],
  { quotaUs, periodUs }: CpuLimit,
  most: number,
): JobSeries | undefined {
  const samples = firstWindow(all);
  if (samples.length === 0) return undefined;
  const remaining = samples.map(({ tUs, usageUs }): Point => [
    seconds(tUs),
    seconds((tUs * quotaUs) / periodUs - usageUs),
  ]);
  const measured = samples.flatMap(({ tUs, runtimeRemainingNs }): readonly Point[] =>
    runtimeRemainingNs === undefined ? [] : [[seconds(tUs), seconds(runtimeRemainingNs / 1000)]],
  );
  const killed = samples.filter(({ phase }) => phase === 'kill');
  const [kill, gone] = [killed[0], killed.at(-1)];
  return {
    kernel,
    style,
    usage: thin(
      samples.map(({ tUs, usageUs }): Point => [seconds(tUs), seconds(usageUs)]),
      most,
    ),
    remaining: thin(remaining, most),
    ...(measured.length > 0 && { measured: thin(measured, most) }),
    ...(kill && gone ? { killS: seconds(kill.tUs), goneS: seconds(gone.tUs) } : {}),
  };
}
