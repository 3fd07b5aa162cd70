// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import type { OpenRun, RunIndex, RunSummary } from '../../model/history.js';
import type { Status } from '../../model/status.js';
import { urlPart } from '../../system/address.js';
import { isUnexpected } from '../outcome.js';
import { cleanLine, clip, minuteOf } from '../text.js';
import { flakyList } from './changes-section.js';
import { firstOf, limit, shortName } from './limits.js';
import { html, when, type Markup } from './markup.js';
import { page } from './page.js';
import { statusMark } from './status-mark.js';
import { trendsSection } from './trends.js';

const recentRuns = 30;

const order: readonly Status[] = ['FAIL', 'ERROR', 'MISS', 'SKIP', 'PASS'];

function counts({
  jobs,
  interrupted,
}: {
  readonly jobs: readonly { readonly status: Status }[];
  readonly interrupted: boolean;
}): Markup {
  const parts = order.flatMap((status) => {
    const count = jobs.filter((job) => job.status === status).length;
    return count > 0 ? [html`${count} ${statusMark(status)} `] : [];
  });
  return html`${parts}${interrupted ? 'interrupted' : ''}`;
}

function unexpected({ jobs }: RunSummary): Markup {
  const wrong = jobs.filter(isUnexpected).length;
  return wrong > 0 ? html`<strong>${wrong} unexpected</strong>` : html`as expected`;
}

const failsUnexpectedly = ({ jobs }: RunSummary): ReadonlySet<string> =>
  new Set(jobs.filter(isUnexpected).map(({ name }) => name));

/** What is worse or better than in the run before of the same matrix and source. */
function changed(run: RunSummary, before: RunSummary | undefined): Markup | undefined {
  if (!before) return undefined;
  const [now, then] = [failsUnexpectedly(run), failsUnexpectedly(before)];
  const worse = [...now].filter((name) => !then.has(name)).length;
  const better = [...then].filter(
    (name) => !now.has(name) && run.jobs.some((job) => job.name === name),
  ).length;
  return html`${when(worse > 0, () => html`<strong class="worse">▼ ${worse} worse</strong> `)}${when(
    better > 0,
    () => html`<strong class="better">▲ ${better} better</strong>`,
  )}`;
}

function runRow(run: RunSummary, before: RunSummary | undefined, withReport: boolean): Markup {
  const file = withReport ? 'report.html' : 'results.json';
  const href = `${urlPart(run.dir)}/${file}`;
  return html`<tr>
    <th scope="row"><a href="${href}">${shortName(run.run)}</a></th>
    <td data-label="result">
      ${clip(cleanLine(run.headline), limit.reasonChars)} ${changed(run, before)}
    </td>
    <td data-label="tested">${clip(cleanLine(run.tested), limit.lineChars)}</td>
    <td class="whole" data-label="outcome">${unexpected(run)}</td>
    <td class="whole" data-label="jobs">${counts(run)}</td>
    <td class="whole faint" data-label="job matrix">${shortName(basename(run.matrix))}</td>
  </tr> `;
}

function table(label: string, rows: readonly Markup[]): Markup {
  return html`<div class="wide" tabindex="0" role="group" aria-label="${label}">
    <table class="runs">
      <caption class="vh">
        ${label}
      </caption>
      <thead>
        <tr>
          <th scope="col">run</th>
          <th scope="col">result</th>
          <th scope="col">tested</th>
          <th scope="col">outcome</th>
          <th scope="col">jobs</th>
          <th scope="col">job matrix</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** Newest first; before[i] is the run of the same matrix that came before run i. */
function rowsOf({ runs, withReport }: RunIndex): readonly { month: string; row: Markup }[] {
  const reports = new Set(withReport);
  const last = new Map<string, RunSummary>();
  return runs
    .map((run) => {
      const row = runRow(run, last.get(run.subject), reports.has(run.dir));
      last.set(run.subject, run);
      return { month: run.startedAt.slice(0, 7), row };
    })
    .reverse();
}

function runsSection(index: RunIndex): Markup {
  const all = rowsOf(index);
  const older = new Map<string, Markup[]>();
  for (const { month, row } of all.slice(recentRuns)) {
    const rows = older.get(month);
    if (rows) rows.push(row);
    else older.set(month, [row]);
  }
  const folded = [...older].map(
    ([month, rows]) =>
      html`<details>
        <summary>${month} (${rows.length} runs)</summary>
        ${table(`Runs of ${month}`, rows)}
      </details>`,
  );
  const recent = all.slice(0, recentRuns).map(({ row }) => row);
  return html`<section id="runs" aria-labelledby="runs-h">
    <h2 id="runs-h">Runs, newest first</h2>
    ${recent.length > 0 ? table('Recent runs', recent) : html`<p>None yet.</p>`}${folded}
  </section>`;
}

function unreadableSection({ unreadable }: RunIndex): Markup | undefined {
  const { first, rest } = firstOf(unreadable, 100);
  return when(
    first.length > 0,
    () =>
      html`<section aria-labelledby="unreadable-h">
        <h2 id="unreadable-h">Folders that cannot be read</h2>
        <ul>
          ${first.map(({ dir, reason }) => html`<li>${shortName(dir)}: ${reason}</li>`)}${when(rest > 0, () => html`<li>and ${rest} more</li>`)}
        </ul>
      </section>`,
  );
}

/** How far an unfinished run is, in words. */
export function describeProgress({ result, planned, running }: OpenRun): string {
  const done = `${result.jobs.length} of ${planned ?? 'its'} jobs finished`;
  return running ? `in progress, ${done}` : `ended before it was finished, ${done}`;
}

function openSection(open: readonly OpenRun[]): Markup | undefined {
  const { first, rest } = firstOf(open, 30);
  return when(
    first.length > 0,
    () =>
      html`<section aria-labelledby="open-h">
        <h2 id="open-h">Unfinished runs</h2>
        <ul>
          ${first.map(
            (run) =>
              html`<li>
                <a href="${urlPart(run.dir)}/report.html">${shortName(run.dir)}</a>:
                ${describeProgress(run)}; ${counts(run.result)}
              </li>`,
          )}${when(rest > 0, () => html`<li>and ${rest} more</li>`)}
        </ul>
      </section>`,
  );
}

/** The results that a served page shows: their state, and the runs without results.json. */
export interface LiveIndex {
  readonly state: string;
  readonly open: readonly OpenRun[];
}

/** results/index.html: flaky jobs, every metric over runs, and all runs. @param live where it is served */
export function renderIndex(index: RunIndex, live?: LiveIndex): string {
  const newest = index.runs.at(-1);
  const trends = trendsSection(index);
  const links = [
    { href: '#runs', text: 'Runs' },
    ...(index.flaky.length > 0 ? [{ href: '#flaky', text: 'Flaky jobs' }] : []),
    ...(trends ? [{ href: '#trends', text: 'Metrics' }] : []),
  ];
  const header = html`<h1>busyguest runs</h1>
    <p>
      ${index.runs.length}
      runs${when(
        newest !== undefined,
        () =>
          html`, the last of ${minuteOf(newest?.startedAt ?? '')}:
          ${clip(cleanLine(newest?.headline ?? ''), limit.reasonChars)}`,
      )}
    </p>`;
  const flaky = when(
    index.flaky.length > 0,
    () =>
      html`<section id="flaky" aria-labelledby="flaky-h">
        <h2 id="flaky-h">Flaky jobs</h2>
        ${flakyList(index.flaky)}
      </section>`,
  );
  const main = [
    openSection(live?.open ?? []),
    runsSection(index),
    flaky,
    trends,
    unreadableSection(index),
  ];
  const footer = html`<p>Made by busyguest from results.json of every run.</p>`;
  return page('busyguest: runs', header, links, main, footer, live?.state);
}
