// SPDX-License-Identifier: MIT
import type { CpuLimit } from '../../payload/test-program.js';
import { axisStyle, ink, lineColor, lineDash, type Plot, type PlotSize } from './plot.js';
import { drawOnce } from './plot-cache.js';
import type { JobSeries, Point } from './series.js';

const size: PlotSize = { width: 460, height: 236, left: 46, right: 14, top: 20, bottom: 40 };

const timeAxis = (endS: number) => ({
  ...axisStyle,
  type: 'value',
  min: 0,
  max: endS,
  name: 'seconds since the window opened',
  nameLocation: 'middle',
  nameGap: 24,
  // The last label is the end of the data, which is no round number.
  axisLabel: { ...axisStyle.axisLabel, showMaxLabel: false },
  splitLine: { show: false },
});

const valueAxis = { ...axisStyle, type: 'value', splitNumber: 4 };

const line = (series: JobSeries, data: readonly Point[]) => ({
  type: 'line',
  silent: true,
  showSymbol: false,
  data,
  lineStyle: { color: lineColor(series.style), type: lineDash(series.style), width: 2 },
});

const endOf = (all: readonly JobSeries[]): number =>
  Math.max(...all.map(({ usage }) => usage.at(-1)?.[0] ?? 0), 0.001);

const mark = (text: string, position: string, color: string) => ({
  silent: true,
  symbol: 'none',
  animation: false,
  lineStyle: { color, type: 'solid', width: 1 },
  label: { formatter: text, position, color: ink.text, fontSize: 12 },
});

// The longest freeze is the one to see; a healthy process is gone within a period.
function worstKill(all: readonly JobSeries[]): { killS: number; goneS: number } | undefined {
  return all
    .flatMap(({ killS, goneS }) =>
      killS === undefined || goneS === undefined ? [] : [{ killS, goneS }],
    )
    .sort((a, b) => b.goneS - b.killS - (a.goneS - a.killS))[0];
}

// One mark for all kernels: that of the kernel whose freeze is shown.
function killMark(all: readonly JobSeries[], endS: number) {
  const killS = worstKill(all)?.killS;
  if (killS === undefined) return {};
  const position = killS > endS * 0.8 ? 'insideEndBottom' : 'end';
  return { markLine: { ...mark('SIGKILL', position, ink.faint), data: [{ xAxis: killS }] } };
}

/** CPU time used over time with the quota's line, all kernels in one picture. */
export function drawUsage(
  id: string,
  title: string,
  all: readonly JobSeries[],
  { quotaUs, periodUs }: CpuLimit,
): Plot {
  const endS = endOf(all);
  const quota = {
    type: 'line',
    silent: true,
    showSymbol: false,
    data: [
      [0, 0],
      [endS, (endS * quotaUs) / periodUs],
    ],
    lineStyle: { color: ink.quota, type: [1, 3], width: 2, cap: 'round' },
    ...killMark(all, endS),
  };
  return drawOnce(id, title, size, {
    xAxis: timeAxis(endS),
    yAxis: valueAxis,
    series: [quota, ...all.map((series) => line(series, series.usage))],
  });
}

function freezeArea(all: readonly JobSeries[]) {
  const worst = worstKill(all);
  if (!worst || worst.goneS - worst.killS < 0.5) return {};
  const text = `SIGKILL to exit ${(worst.goneS - worst.killS).toFixed(1)} s`;
  const label = { position: 'insideBottom', color: ink.text, fontSize: 12, formatter: text };
  return {
    markArea: {
      silent: true,
      itemStyle: { color: ink.freeze },
      label,
      data: [[{ xAxis: worst.killS }, { xAxis: worst.goneS }]],
    },
  };
}

// Thin and on top: where both agree, both are seen.
function remainingLines(series: JobSeries) {
  const computed = line(series, series.remaining);
  if (series.measured === undefined) return [computed];
  const measured = line(series, series.measured);
  return [computed, { ...measured, lineStyle: { color: ink.text, type: 'solid', width: 1 } }];
}

/** runtime_remaining over time, all kernels in one picture: below zero is debt. */
export function drawRemaining(id: string, title: string, all: readonly JobSeries[]): Plot {
  const endS = endOf(all);
  const zero = {
    type: 'line',
    silent: true,
    showSymbol: false,
    data: [
      [0, 0],
      [endS, 0],
    ],
    lineStyle: { color: ink.quota, type: [1, 3], width: 2, cap: 'round' },
    ...killMark(all, endS),
    ...freezeArea(all),
  };
  return drawOnce(id, title, size, {
    xAxis: { ...timeAxis(endS), axisLine: { onZero: false, lineStyle: { color: ink.faint } } },
    yAxis: valueAxis,
    series: [zero, ...all.flatMap(remainingLines)],
  });
}
