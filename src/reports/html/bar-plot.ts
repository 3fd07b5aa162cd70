// SPDX-License-Identifier: MIT
import type { JobResult } from '../../model/result.js';
import { formatUs } from '../../model/units.js';
import type { BarPlot } from '../../payload/test-program.js';
import { cleanLine, clip } from '../text.js';
import { axisStyle, ink, lineColor, placeOf, type Plot } from './plot.js';
import { drawOnce } from './plot-cache.js';

/** A metric of a plot's case, microseconds. */
export function barMetric(
  job: JobResult,
  plot: BarPlot,
  name: string | undefined,
): number | undefined {
  const metrics = job.cases.find((one) => one.name === plot.case)?.metrics;
  const value = metrics?.find((metric) => metric.name === name)?.value;
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}

/** A bar. */
export interface Bar {
  readonly device: string;
  readonly kernel: string;
  readonly style: number;
  readonly valueUs: number;
}

const barPx = 16;
const gapPx = 10;

// Long bars hold their label, short ones have room beside them.
const barLabel = ({ kernel, valueUs }: Bar, inside: boolean) => ({
  show: true,
  position: inside ? 'insideLeft' : 'right',
  color: inside ? 'var(--paper)' : ink.text,
  fontSize: 12,
  formatter: `${clip(cleanLine(kernel), 20)} ${formatUs(valueUs)}`,
});

const boundLine = (boundUs: number) => ({
  silent: true,
  symbol: 'none',
  lineStyle: { color: ink.quota, type: 'solid', width: 1 },
  label: {
    position: 'start',
    formatter: `allowed ${formatUs(boundUs)}`,
    color: ink.text,
    fontSize: 12,
  },
  data: [{ xAxis: boundUs / 1000 }],
});

/** Bars for each device and kernel on a logarithmic axis, with the bound where all have the same. */
export function drawBars(
  id: string,
  { heading, axis }: BarPlot,
  all: readonly Bar[],
  boundUs: number | undefined,
): Plot {
  const devices = [...new Set(all.map(({ device }) => device))];
  const places = [...new Set(all.map(({ style }) => placeOf(style)))].sort((a, b) => a - b);
  const least = Math.min(...all.map(({ valueUs }) => valueUs), boundUs ?? Infinity);
  const most = Math.max(...all.map(({ valueUs }) => valueUs), boundUs ?? 0);
  const isLong = (us: number): boolean =>
    Math.log(us / least) > 0.5 * Math.log((most * 10) / least);
  const bars = places.map((place, index) => ({
    type: 'bar',
    silent: true,
    barWidth: barPx - 4,
    barGap: '25%',
    data: devices.map((device) => {
      const found = all.find((one) => one.device === device && placeOf(one.style) === place);
      if (!found) return null;
      return {
        value: found.valueUs / 1000,
        itemStyle: { color: lineColor(found.style) },
        label: barLabel(found, isLong(found.valueUs)),
      };
    }),
    ...(index === 0 && boundUs !== undefined ? { markLine: boundLine(boundUs) } : {}),
  }));
  const timeAxis = {
    ...axisStyle,
    type: 'log',
    min: 10 ** Math.floor(Math.log10(least / 1000) - 0.2),
    name: axis,
    nameLocation: 'middle',
    nameGap: 24,
  };
  const deviceAxis = {
    ...axisStyle,
    type: 'category',
    inverse: true,
    data: devices.map((device) => clip(cleanLine(device).replace(/^qemu-/, ''), 16)),
    splitLine: { show: false },
  };
  const height = 64 + devices.length * (places.length * barPx + gapPx);
  const size = { width: 460, height, left: 128, right: 16, top: 24, bottom: 40 };
  return drawOnce(id, heading, size, { xAxis: timeAxis, yAxis: deviceAxis, series: bars });
}
