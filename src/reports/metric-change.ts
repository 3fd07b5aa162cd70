// SPDX-License-Identifier: MIT
import type { MetricChange } from '../model/history.js';
import { comesFirstOfAny, isControlOfAny } from '../payload/registry.js';
import { formatRatio, formatUs } from '../model/units.js';

/** How many moved metrics are shown before the rest is only counted or folded. */
export const shownMetrics = 10;

function format(value: number, unit: string): string {
  if (unit === 'us') return formatUs(value);
  return unit === 'ratio' ? formatRatio(value) : `${value} ${unit}`.replace(/ count$/, '');
}

/** Two values with as many digits as they need to differ: `499 ms` and `499 ms` become `499123 us` and `499130 us`. */
export function formatApart(a: number, b: number, unit: string): readonly [string, string] {
  const [x, y] = [format(a, unit), format(b, unit)];
  if (x !== y || a === b) return [x, y];
  const sign = unit === 'ratio' ? 'x' : unit;
  return [`${a} ${sign}`, `${b} ${sign}`];
}

/** How far a metric moved, as a part of what it was. */
const move = ({ before, after }: MetricChange): number =>
  Math.abs(after - before) / Math.max(Math.abs(before), 1e-9);

/** The metrics of the guest under its limit first, those of controls last, the largest moves first in each. */
export function byMove(metrics: readonly MetricChange[]): readonly MetricChange[] {
  const rank = ({ metric }: MetricChange): number => {
    const name = metric.split('.')[0] ?? '';
    return isControlOfAny(name) ? 2 : comesFirstOfAny(name) ? 0 : 1;
  };
  return [...metrics].sort((a, b) => rank(a) - rank(b) || move(b) - move(a));
}
