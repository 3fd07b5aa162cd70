// SPDX-License-Identifier: MIT
import type { JobResult, RunResult } from '../../model/result.js';
import type { JobFiles } from './job-files.js';
import { drawLatency, killMetric, type Latency } from './latency-plot.js';
import { firstOf, limit, shortName } from './limits.js';
import { html, when, type Markup } from './markup.js';
import { rowsOf } from './matrix.js';
import { lineDash, type Plot } from './plot.js';
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
  const [parameters] = jobs.flatMap(({ name }) => files.get(name)?.parameters ?? []);
  if (!parameters) return undefined;
  const lines = jobs.flatMap(({ name, kernel }, style): readonly JobSeries[] => {
    const { samples = [], parameters: own } = files.get(name) ?? {};
    const sameLimit = own?.quotaUs === parameters.quotaUs && own.periodUs === parameters.periodUs;
    const found = sameLimit
      ? seriesOf(kernel, style, samples, parameters, limit.pointsInPlot)
      : undefined;
    return found ? [found] : [];
  });
  if (lines.length === 0) return undefined;
  const share = `${parameters.quotaUs / 1000} of ${parameters.periodUs / 1000} ms`;
  const usage = drawUsage(`${id}u`, `CPU time used over time, ${heading}`, lines, parameters);
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

function latencyFigures(run: RunResult): readonly Markup[] {
  const kernels = [...new Set(run.jobs.map(({ kernel }) => kernel))];
  return chunks(kernels, limit.kernelsInPlot).flatMap((some, part) => {
    const all = run.jobs.flatMap((job): readonly Latency[] => {
      const latencyUs = killMetric(job, 'kill_latency');
      const style = some.indexOf(job.kernel);
      if (latencyUs === undefined || style < 0) return [];
      return [{ device: job.device, kernel: job.kernel, style, latencyUs }];
    });
    const { first, rest } = firstOf(
      [...new Set(all.map(({ device }) => device))],
      limit.devicesInPlot,
    );
    const shown = all.filter(({ device }) => first.includes(device));
    if (shown.length === 0) return [];
    const bounds = new Set(run.jobs.flatMap((job) => killMetric(job, 'bound') ?? []));
    const bound = bounds.size === 1 ? [...bounds][0] : undefined;
    const plot = drawLatency(`k${part}`, 'Kill latency per device', shown, bound);
    const note = rest > 0 ? `; ${rest} more devices in the table of jobs` : '';
    return [html`${figure(plot, `SIGKILL to exit${note}`, [])}`];
  });
}

/** Plots of a run: kill latency of all devices, then usage and debt of each. */
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
  const latency = latencyFigures(run);
  const section = when(
    parts.length + latency.length > 0,
    () =>
      html`<section id="plots" aria-labelledby="plots-h">
        <h2 id="plots-h">Plots</h2>
        ${parts}${when(
          latency.length > 0,
          () =>
            html`<div class="plots">
              <h3>Kill latency per device</h3>
              <div class="figures">${latency}</div>
            </div>`,
        )}
      </section> `,
  );
  return { section, anchors };
}
