// SPDX-License-Identifier: MIT
import type { Status } from '../../model/status.js';
import { cleanLine } from '../text.js';
import { axisStyle, ink, lineColor, lineDash, type Plot } from './plot.js';
import { drawOnce } from './plot-cache.js';

/** A job's value and status in one run; undefined where the run has none. */
export interface TrendPoint {
  readonly value: number | undefined;
  readonly status: Status | undefined;
}

/** A job over the runs. */
export interface Trend {
  readonly kernel: string;
  readonly style: number;
  readonly points: readonly TrendPoint[];
}

const size = { width: 300, height: 110, left: 68, right: 30, top: 18, bottom: 18 };

/** Large and small numbers with few characters, 14.1M or 0.98, and with as many digits as two marks of the axis differ in. */
function shortNumbers(trends: readonly Trend[]): (value: number) => string {
  const values = valuesOf(trends);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const share = Math.max(Math.abs(least), Math.abs(most)) / (most - least);
  const digits = Number.isFinite(share) ? Math.ceil(Math.log10(share)) + 2 : 3;
  const maximumSignificantDigits = Math.min(Math.max(digits, 3), 7);
  const format = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits });
  return (value) => format.format(value);
}

const valuesOf = (trends: readonly Trend[]): readonly number[] =>
  trends.flatMap(({ points }) => points.flatMap(({ value }) => value ?? []));

/** Places where the status differs from that of the run before which has one. */
export function statusChanges(points: readonly Pick<TrendPoint, 'status'>[]): readonly number[] {
  let last: Status | undefined;
  return points.flatMap(({ status }, index) => {
    if (status === undefined) return [];
    const changed = last !== undefined && last !== status;
    last = status;
    return changed ? [index] : [];
  });
}

function line({ style, points }: Trend) {
  const changes = new Set(statusChanges(points));
  const data = points.map(({ value, status }, index) => {
    if (!changes.has(index)) return { value: value ?? null, symbol: 'none' };
    // A return to PASS is a hollow diamond without a word: failures that come and go leave room for one only.
    const good = status === 'PASS';
    const label = { show: true, formatter: status, position: 'top', color: ink.text, fontSize: 12 };
    const hollow = { color: 'var(--paper)', borderColor: lineColor(style), borderWidth: 1.5 };
    return {
      value: value ?? null,
      symbol: 'diamond',
      symbolSize: 9,
      ...(good ? { itemStyle: hollow } : { label }),
    };
  });
  return {
    type: 'line',
    silent: true,
    showAllSymbol: true,
    connectNulls: true,
    data,
    itemStyle: { color: lineColor(style) },
    lineStyle: { color: lineColor(style), type: lineDash(style), width: 1.5 },
  };
}

// Beside a broken kernel's numbers those of a fixed one would be a flat line.
function isWide(trends: readonly Trend[]): boolean {
  const values = valuesOf(trends);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least > 0 && most / least > 30;
}

/** A metric over runs, oldest left, a diamond with the new status where a job's status changed. */
export function drawTrend(
  id: string,
  title: string,
  runs: readonly string[],
  trends: readonly Trend[],
): Plot {
  return drawOnce(id, title, size, {
    xAxis: {
      ...axisStyle,
      type: 'category',
      data: runs.map(cleanLine),
      boundaryGap: false,
      axisLabel: { show: false },
    },
    yAxis: {
      ...axisStyle,
      type: isWide(trends) ? 'log' : 'value',
      scale: true,
      splitNumber: 2,
      axisLabel: { ...axisStyle.axisLabel, formatter: shortNumbers(trends) },
    },
    series: trends.map(line),
  });
}
