// SPDX-License-Identifier: MIT
import type { JobResult, RunResult } from '../../model/result.js';
import type { JobFiles } from './job-files.js';
import { barMetric, drawBars, type Bar } from './bar-plot.js';
import { programOf } from '../../payload/registry.js';
import type { BarPlot, CpuLimit } from '../../payload/test-program.js';
import { firstOf, limit, shortName } from './limits.js';
import { html, when, type Markup } from './markup.js';
import { rowsOf } from './matrix.js';
import { lineDash, styleOfStatus, type Plot } from './plot.js';
import { seriesOf, type JobSeries } from './series.js';
import { drawRemaining, drawUsage } from './time-plots.js';

/** The plots of a run, and where each job finds its own. */
export interface Plots {
  readonly section: Markup | undefined;
  /** Anchors by job name. */
  readonly anchors: ReadonlyMap<string, string>;
}

interface LegendEntry {
  readonly kernel: string;
  readonly style: number;
}

const swatch = (style: number): Markup =>
  html`<svg class="swatch" viewBox="0 0 28 8" aria-hidden="true">
    <path
      d="M0 4H28"
      stroke="var(--k${style})"
      stroke-width="2.5"
      stroke-dasharray="${lineDash(style).join(' ')}"
    />
  </svg>`;

/** The kernels of a picture; `dotted` names the dotted line. */
export function legend(entries: readonly LegendEntry[], dotted: string | undefined): Markup {
  const items = entries.map(
    ({ kernel, style }) => html`<li>${swatch(style)} ${shortName(kernel)}</li>`,
  );
  const quota = html`<li>
    <svg class="swatch" viewBox="0 0 28 8" aria-hidden="true">
      <path
        d="M1 4H28"
        stroke="var(--quota)"
        stroke-width="2.5"
        stroke-linecap="round"
        stroke-dasharray="1 4"
      />
    </svg>
    ${dotted}
  </li>`;
  return html`<ul class="legend">
    ${items}${when(dotted !== undefined, () => quota)}
  </ul>`;
}

/** A picture with its legend; `names` are those of its lines, for hovering. */
export function figure(plot: Plot, caption: Part, kernels: readonly LegendEntry[]): Markup {
  const names = kernels.map(({ kernel, style }) => `${style}=${shortName(kernel)}`).join('\n');
  return html`<figure data-frame="${plot.frame}" data-names="${names}">
    <figcaption>${caption}</figcaption>
    ${plot.svg}
  </figure>`;
}

type Part = Markup | string;

/** Kernels of a picture: at most so many that their dashes differ. */
function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, index) => list.slice(index * size, (index + 1) * size));
}

interface Group {
  readonly id: string;
  readonly heading: string;
  readonly jobs: readonly JobResult[];
}

function timeFigures(
  { id, heading, jobs }: Group,
  files: ReadonlyMap<string, JobFiles>,
): Markup | undefined {
  const limitOf = (job: JobResult): CpuLimit | undefined => {
    const { test } = files.get(job.name) ?? {};
    return test && programOf(test).reporting.cpuLimit(test.parameters);
  };
  const [allowed] = jobs.flatMap((job) => limitOf(job) ?? []);
  if (!allowed) return undefined;
  const lines = jobs.flatMap((job, place): readonly JobSeries[] => {
    const { samples = [] } = files.get(job.name) ?? {};
    const own = limitOf(job);
    const sameLimit = own?.quotaUs === allowed.quotaUs && own.periodUs === allowed.periodUs;
    const style = styleOfStatus(job.status, place);
    const found = sameLimit
      ? seriesOf(job.kernel, style, samples, allowed, limit.pointsInPlot)
      : undefined;
    return found ? [found] : [];
  });
  if (lines.length === 0) return undefined;
  const share = `${allowed.quotaUs / 1000} of ${allowed.periodUs / 1000} ms`;
  const usage = drawUsage(`${id}u`, `CPU time used over time, ${heading}`, lines, allowed);
  const debt = drawRemaining(`${id}d`, `runtime_remaining over time, ${heading}`, lines);
  const traced = lines.some(({ measured }) => measured !== undefined) ? '; thin: as traced' : '';
  const source = `quota \u00d7 time \u2212 usage${traced}`;
  return html`<div class="figures">
      ${figure(usage, 'CPU time used, seconds', lines)}${figure(debt, `runtime_remaining (${source}), seconds; below zero is debt`, lines)}
    </div>
    ${legend(lines, `quota (${share}), and zero`)}`;
}

function groupsOf(run: RunResult): readonly Group[] {
  return rowsOf(run.jobs).flatMap(({ device, test, jobs }, row) =>
    chunks(jobs, limit.kernelsInPlot).map((some, part) => ({
      id: `p${row}x${part}`,
      heading: `${shortName(device)}, ${shortName(test)}${part > 0 ? ` (${part + 1})` : ''}`,
      jobs: some,
    })),
  );
}

function barFigures(run: RunResult, bars: BarPlot, first: number): readonly Markup[] {
  const kernels = [...new Set(run.jobs.map(({ kernel }) => kernel))];
  return chunks(kernels, limit.kernelsInPlot).flatMap((some, part) => {
    const all = run.jobs.flatMap((job): readonly Bar[] => {
      const valueUs = barMetric(job, bars, bars.metric);
      const place = some.indexOf(job.kernel);
      if (valueUs === undefined || place < 0) return [];
      const style = styleOfStatus(job.status, place);
      return [{ device: job.device, kernel: job.kernel, style, valueUs }];
    });
    const { first: devices, rest } = firstOf(
      [...new Set(all.map(({ device }) => device))],
      limit.devicesInPlot,
    );
    const shown = all.filter(({ device }) => devices.includes(device));
    if (shown.length === 0) return [];
    const bounds = new Set(run.jobs.flatMap((job) => barMetric(job, bars, bars.bound) ?? []));
    const bound = bounds.size === 1 ? [...bounds][0] : undefined;
    const plot = drawBars(`k${first + part}`, bars, shown, bound);
    const note = rest > 0 ? `; ${rest} more devices in the table of jobs` : '';
    return [html`${figure(plot, `${bars.caption}${note}`, [])}`];
  });
}

/** The pictures of bars of all programs that ran, each under its heading. */
function barParts(run: RunResult): readonly Markup[] {
  const plots = new Set(run.jobs.flatMap((job) => programOf(job).reporting.bars));
  let drawn = 0;
  return [...plots].flatMap((bars) => {
    const figures = barFigures(run, bars, drawn);
    drawn += figures.length;
    if (figures.length === 0) return [];
    return [
      html`<div class="plots">
        <h3>${bars.heading}</h3>
        <div class="figures">${figures}</div>
      </div>`,
    ];
  });
}

/** Plots of a run: usage and debt on each device, then bars of all devices. */
export function plotsOf(run: RunResult, files: ReadonlyMap<string, JobFiles>): Plots {
  const anchors = new Map<string, string>();
  const parts = groupsOf(run).flatMap((group) => {
    const figures = timeFigures(group, files);
    if (!figures) return [];
    for (const { name } of group.jobs) anchors.set(name, group.id);
    return [
      html`<div class="plots" id="${group.id}">
        <h3>${group.heading}</h3>
        ${figures}
      </div> `,
    ];
  });
  const bars = barParts(run);
  const section = when(
    parts.length + bars.length > 0,
    () =>
      html`<section id="plots" aria-labelledby="plots-h">
        <h2 id="plots-h">Plots</h2>
        ${parts}${bars}
      </section> `,
  );
  return { section, anchors };
}
