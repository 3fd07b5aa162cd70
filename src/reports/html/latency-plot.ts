// SPDX-License-Identifier: MIT
import type { JobResult } from '../../model/result.js';
import { formatUs } from '../../model/units.js';
import { cleanLine, clip } from '../text.js';
import { axisStyle, ink, lineColor, type Plot } from './plot.js';
import { drawOnce } from './plot-cache.js';

const latencyCase = 'busy_guest_dies_at_once';

/** A metric of the case that kills the guest, microseconds. */
export function killMetric(job: JobResult, name: 'kill_latency' | 'bound'): number | undefined {
  const metrics = job.cases.find((one) => one.name === latencyCase)?.metrics;
  const value = metrics?.find((metric) => metric.name === name)?.value;
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}

/** A bar. */
export interface Latency {
  readonly device: string;
  readonly kernel: string;
  readonly style: number;
  readonly latencyUs: number;
}

const barPx = 16;
const gapPx = 10;

// Long bars hold their label, short ones have room beside them.
const barLabel = ({ kernel, latencyUs }: Latency, inside: boolean) => ({
  show: true,
  position: inside ? 'insideLeft' : 'right',
  color: inside ? 'var(--paper)' : ink.text,
  fontSize: 12,
  formatter: `${clip(cleanLine(kernel), 20)} ${formatUs(latencyUs)}`,
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

/** Kill latency as bars per device and kernel on a logarithmic axis, with the bound where all have the same. */
export function drawLatency(
  id: string,
  title: string,
  all: readonly Latency[],
  boundUs: number | undefined,
): Plot {
  const devices = [...new Set(all.map(({ device }) => device))];
  const styles = [...new Set(all.map(({ style }) => style))].sort((a, b) => a - b);
  const least = Math.min(...all.map(({ latencyUs }) => latencyUs), boundUs ?? Infinity);
  const most = Math.max(...all.map(({ latencyUs }) => latencyUs), boundUs ?? 0);
  const isLong = (us: number): boolean =>
    Math.log(us / least) > 0.5 * Math.log((most * 10) / least);
  const bars = styles.map((style, index) => ({
    type: 'bar',
    silent: true,
    barWidth: barPx - 4,
    barGap: '25%',
    itemStyle: { color: lineColor(style) },
    data: devices.map((device) => {
      const found = all.find((one) => one.device === device && one.style === style);
      if (!found) return null;
      return { value: found.latencyUs / 1000, label: barLabel(found, isLong(found.latencyUs)) };
    }),
    ...(index === 0 && boundUs !== undefined ? { markLine: boundLine(boundUs) } : {}),
  }));
  const timeAxis = {
    ...axisStyle,
    type: 'log',
    min: 10 ** Math.floor(Math.log10(least / 1000) - 0.2),
    name: 'SIGKILL to exit, milliseconds (logarithmic)',
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
  const height = 64 + devices.length * (styles.length * barPx + gapPx);
  const size = { width: 460, height, left: 128, right: 16, top: 24, bottom: 40 };
  return drawOnce(id, title, size, { xAxis: timeAxis, yAxis: deviceAxis, series: bars });
}
