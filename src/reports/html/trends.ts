// SPDX-License-Identifier: MIT
import { trendRuns, type RunIndex, type RunSummary } from '../../model/history.js';
import { formatMetric } from './job-section.js';
import { limit, shortName } from './limits.js';
import { html, when, type Markup } from './markup.js';
import { figure, legend } from './plots-section.js';
import { drawTrend, statusChanges, type Trend } from './trend-plot.js';

/** Plots of a page; what is left out is said. */
const mostPlots = 120;

interface Group {
  readonly device: string;
  readonly test: string;
  readonly kernels: readonly string[];
}

function groupsOf(runs: readonly RunSummary[]): readonly Group[] {
  const groups = new Map<string, { device: string; test: string; kernels: Set<string> }>();
  for (const { jobs } of runs) {
    for (const { device, test, kernel } of jobs) {
      const key = `${device}\n${test}`;
      const group = groups.get(key) ?? { device, test, kernels: new Set<string>() };
      groups.set(key, group);
      group.kernels.add(kernel);
    }
  }
  return [...groups.values()].map((group) => ({
    ...group,
    // The newest kernels: names of old ones stay in the runs' own reports.
    kernels: [...group.kernels].slice(-limit.kernelsInPlot),
  }));
}

/**
 * The runs that say something new of a group: one that took all results from before, and the same as the last one
 * had, would only push the others closer together.
 */
export function runsWithNews(
  { device, test }: Pick<Group, 'device' | 'test'>,
  runs: readonly RunSummary[],
): readonly RunSummary[] {
  let last = '';
  return runs.filter(({ jobs }) => {
    const own = jobs.filter((job) => job.device === device && job.test === test);
    if (own.length === 0) return false;
    const state = own.map(({ name, inputsKey, status }) => [name, inputsKey, status].join()).join();
    const isNew = own.some(({ reused }) => !reused) || state !== last;
    last = state;
    return isNew;
  });
}

function trendsOf({ device, test, kernels }: Group, metric: string, runs: readonly RunSummary[]) {
  return kernels.map((kernel, style): Trend => {
    const points = runs.map(({ jobs }) => {
      const job = jobs.find(
        (one) => one.kernel === kernel && one.device === device && one.test === test,
      );
      return { value: job?.metrics[metric], status: job?.status };
    });
    return { kernel, style, points };
  });
}

const valuesOf = (trend: Trend): readonly number[] =>
  trend.points.flatMap(({ value }) => value ?? []);
const hasStatusChange = (trends: readonly Trend[]): boolean =>
  trends.some(({ points }) => statusChanges(points).length > 0);
const isConstant = (trends: readonly Trend[]): boolean =>
  trends.every((trend) => new Set(valuesOf(trend)).size <= 1);

/** The metrics that say most come first. */
const first = ['overrun_ratio', 'worst_debt', 'kill_latency'];
function rank(metric: string): number {
  const found = first.findIndex((name) => metric.endsWith(`.${name}`));
  return (metric.startsWith('control_') ? 10 : 0) + (found < 0 ? first.length : found);
}

function metricsOf({ device, test }: Group, runs: readonly RunSummary[]): readonly string[] {
  const names = new Set<string>();
  for (const { jobs } of runs) {
    for (const job of jobs) {
      if (job.device !== device || job.test !== test) continue;
      for (const name of Object.keys(job.metrics)) names.add(name);
    }
  }
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

interface Budget {
  left: number;
}

function groupPart(group: Group, row: number, index: RunIndex, budget: Budget): Markup {
  const { units } = index;
  const runs = runsWithNews(group, index.runs);
  const names = runs.map(({ run }) => run);
  const figures: Markup[] = [];
  const constant: Markup[] = [];
  let left = 0;
  for (const [column, metric] of metricsOf(group, runs).entries()) {
    const trends = trendsOf(group, metric, runs).filter((trend) => valuesOf(trend).length > 0);
    const unit = units[metric] ?? '';
    const marks = rank(metric) < first.length && hasStatusChange(trends);
    if (isConstant(trends) && !marks) {
      const values = trends.map(({ kernel, points }) => {
        const value = points.find((point) => point.value !== undefined)?.value ?? 0;
        return html` ${shortName(kernel)} ${formatMetric({ value, unit })};`;
      });
      constant.push(html`<li><span class="k">${shortName(metric)}</span>${values}</li>`);
    } else if (budget.left > 0) {
      budget.left -= 1;
      const title = `${metric} over runs, ${group.device}`;
      const plot = drawTrend(`t${row}x${column}`, title, names, trends);
      figures.push(figure(plot, `${shortName(metric)}${unit === 'us' ? ', us' : ''}`, []));
    } else left += 1;
  }
  const entries = group.kernels.map((kernel, style) => ({ kernel, style }));
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
        ${groups.map((group, row) => groupPart(group, row, { ...index, runs }, budget))}
      </section>`,
  );
}
