// SPDX-License-Identifier: MIT
import { trendRuns, type JobSummary, type RunIndex, type RunSummary } from '../../model/history.js';
import { isControlOfAny } from '../../payload/registry.js';
import { formatMetric } from './job-section.js';
import { limit, shortName } from './limits.js';
import { html, when, type Markup } from './markup.js';
import { styleOf } from './plot.js';
import { figure, legend } from './plots-section.js';
import { drawTrend, statusChanges, type Trend } from './trend-plot.js';

/** Plots of a page; what is left out is said. */
const mostPlots = 120;

/** A run with its jobs of one group. */
type RunOfGroup = Pick<RunSummary, 'run' | 'jobs'>;

interface Group {
  readonly device: string;
  readonly test: string;
  readonly kernels: readonly string[];
  /** Those that have jobs of the group, oldest first. */
  readonly runs: readonly RunOfGroup[];
}

// One look at each job: there may be a hundred thousand of them, and a look for each plot takes minutes.
function groupsOf(runs: readonly RunSummary[]): readonly Group[] {
  interface Parts extends Pick<Group, 'device' | 'test'> {
    readonly kernels: Set<string>;
    readonly jobs: Map<RunSummary, JobSummary[]>;
  }
  const groups = new Map<string, Parts>();
  for (const run of runs) {
    for (const job of run.jobs) {
      const { device, test, kernel } = job;
      const key = `${device}\n${test}`;
      const empty: Parts = { device, test, kernels: new Set(), jobs: new Map() };
      const group = groups.get(key) ?? empty;
      groups.set(key, group);
      group.kernels.add(kernel);
      const own = group.jobs.get(run);
      if (own) own.push(job);
      else group.jobs.set(run, [job]);
    }
  }
  return [...groups.values()].map(({ device, test, kernels, jobs }) => ({
    device,
    test,
    // The newest kernels: names of old ones stay in the runs' own reports.
    kernels: [...kernels].slice(-limit.kernelsInPlot),
    runs: [...jobs].map(([{ run }, own]) => ({ run, jobs: own })),
  }));
}

/**
 * The runs that say something new of a group: one that took all results from before, and the same as the last one
 * had, would only push the others closer together.
 */
export function runsWithNews(runs: readonly RunOfGroup[]): readonly RunOfGroup[] {
  let last = '';
  return runs.filter(({ jobs }) => {
    const state = jobs
      .map(({ name, inputsKey, status }) => [name, inputsKey, status].join())
      .join();
    const isNew = jobs.some(({ reused }) => !reused) || state !== last;
    last = state;
    return isNew;
  });
}

/** The jobs of a kernel over the runs of a group; undefined where a run has none. */
interface Line {
  readonly kernel: string;
  readonly style: number;
  readonly jobs: readonly (JobSummary | undefined)[];
  readonly hasStatusChange: boolean;
}

function linesOf(kernels: readonly string[], runs: readonly RunOfGroup[]): readonly Line[] {
  return kernels.map((kernel, place) => {
    const style = styleOf('none', place);
    const jobs = runs.map((run) => run.jobs.find((job) => job.kernel === kernel));
    const hasStatusChange = statusChanges(jobs.map((job) => ({ status: job?.status }))).length > 0;
    return { kernel, style, jobs, hasStatusChange };
  });
}

function trendOf({ kernel, style, jobs }: Line, metric: string): Trend {
  const points = jobs.map((job) => ({ value: job?.metrics[metric], status: job?.status }));
  return { kernel, style, points };
}

const firstValue = ({ jobs }: Line, metric: string): number | undefined =>
  jobs.find((job) => job?.metrics[metric] !== undefined)?.metrics[metric];

function isConstant(line: Line, metric: string): boolean {
  const value = firstValue(line, metric);
  return line.jobs.every((job) => (job?.metrics[metric] ?? value) === value);
}

/** The metrics that say most come first. */
const first = ['overrun_ratio', 'worst_debt', 'kill_latency'];
function rank(metric: string): number {
  const found = first.findIndex((name) => metric.endsWith(`.${name}`));
  return (isControlOfAny(metric.split('.')[0] ?? '') ? 10 : 0) + (found < 0 ? first.length : found);
}

function metricsOf(runs: readonly RunOfGroup[]): readonly string[] {
  const names = new Set<string>();
  for (const { jobs } of runs) {
    for (const { metrics } of jobs) for (const name of Object.keys(metrics)) names.add(name);
  }
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

interface Budget {
  left: number;
}

function groupPart(group: Group, row: number, units: RunIndex['units'], budget: Budget): Markup {
  const runs = runsWithNews(group.runs);
  const names = runs.map(({ run }) => run);
  const lines = linesOf(group.kernels, runs);
  const figures: Markup[] = [];
  const constant: Markup[] = [];
  let left = 0;
  for (const [column, metric] of metricsOf(runs).entries()) {
    const measured = lines.filter((line) => firstValue(line, metric) !== undefined);
    const unit = units[metric] ?? '';
    const marks =
      rank(metric) < first.length && measured.some(({ hasStatusChange }) => hasStatusChange);
    if (!marks && measured.every((line) => isConstant(line, metric))) {
      const values = measured.map((line) => {
        const value = firstValue(line, metric) ?? 0;
        return html` ${shortName(line.kernel)} ${formatMetric({ value, unit })};`;
      });
      constant.push(html`<li><span class="k">${shortName(metric)}</span>${values}</li>`);
    } else if (budget.left > 0) {
      budget.left -= 1;
      const title = `${metric} over runs, ${group.device}`;
      const trends = measured.map((line) => trendOf(line, metric));
      const plot = drawTrend(`t${row}x${column}`, title, names, trends);
      figures.push(figure(plot, `${shortName(metric)}${unit === 'us' ? ', us' : ''}`, []));
    } else left += 1;
  }
  const entries = group.kernels.map((kernel, place) => ({
    kernel,
    style: styleOf('none', place),
  }));
  return html`<div class="plots">
    <h3>${shortName(group.device)}, ${shortName(group.test)}</h3>
    ${when(
      figures.length > 0,
      () =>
        html`${legend(entries, undefined)}
          <div class="figures small">${figures}</div>`,
    )}
    ${when(left > 0, () => html`<p class="faint">${left} more metrics changed; the reports of the runs have them</p>`)}
    ${when(
      constant.length > 0,
      () =>
        html`<details>
          <summary>${constant.length} metrics never changed</summary>
          <ul>
            ${constant}
          </ul>
        </details>`,
    )}
  </div>`;
}

/** Each metric over the last runs, by device; one that never changed is a line of text. */
export function trendsSection(index: RunIndex): Markup | undefined {
  const runs = index.runs.slice(-trendRuns);
  const groups = groupsOf(runs);
  const budget = { left: mostPlots };
  return when(
    groups.length > 0,
    () =>
      html`<section id="trends" aria-labelledby="trends-h">
        <h2 id="trends-h">Metrics over the last ${runs.length} runs</h2>
        <p class="faint">
          Oldest run left; runs that measured nothing again are left out. A diamond marks a run in
          which the job's status changed: with the new status, or hollow where that is PASS.
        </p>
        ${groups.map((group, row) => groupPart(group, row, index.units, budget))}
      </section>`,
  );
}
