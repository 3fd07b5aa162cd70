// SPDX-License-Identifier: MIT
import type { FlakyJob, JobChange, MetricChange, RunComparison } from '../../model/history.js';
import { clip } from '../text.js';
import { byMove, formatApart, shownMetrics } from '../metric-change.js';
import { jobAnchor } from './job-section.js';
import { firstOf, limit, shortName } from './limits.js';
import { html, when, type Markup } from './markup.js';
import { statusMark } from './status-mark.js';

const mostRows = 100;

const linkTo = (job: string): Markup => html`<a href="#${jobAnchor(job)}">${shortName(job)}</a>`;

function list<T>(title: string, items: readonly T[], item: (one: T) => Markup): Markup | undefined {
  const { first, rest } = firstOf(items, mostRows);
  return when(
    items.length > 0,
    () =>
      html`<h3>${title} (${items.length})</h3>
        <ul>
          ${first.map((one) => html`<li>${item(one)}</li>`)}${when(rest > 0, () => html`<li>and ${rest} more</li>`)}
        </ul>`,
  );
}

const jobChange = ({ job, before, after, reason }: JobChange): Markup =>
  html`${linkTo(job)}: ${statusMark(before)} → ${statusMark(after)}
    <span class="faint">${clip(reason, limit.reasonChars)}</span>`;

function metricChange({ job, metric, unit, before, after, rule, past }: MetricChange): Markup {
  const [was, is] = formatApart(before, after, unit);
  const [least, most] = formatApart(past.min, past.max, unit);
  const range = past.min === past.max ? least : `${least} to ${most}`;
  const why =
    rule === 'changed' ? 'only one earlier value' : `${past.count} earlier values: ${range}`;
  return html`${linkTo(job)} ${metric}: ${was} → <strong>${is}</strong>
    <span class="faint">(${why})</span>`;
}

/** Jobs that passed and failed with identical inputs, as list items. */
export function flakyList(flaky: readonly FlakyJob[]): Markup | undefined {
  return list(
    'Flaky: both PASS and FAIL with identical inputs',
    flaky,
    ({ job, passed, failed, runs }) =>
      html`${shortName(job)}: ${passed} × PASS, ${failed} × FAIL in ${runs.length} runs, last
      ${runs.at(-1)}`,
  );
}

/** The ten that moved most; the rest is folded. */
function metricList(metrics: readonly MetricChange[]): Markup | undefined {
  const { first, rest } = firstOf(metrics, shownMetrics);
  const folded = firstOf(metrics.slice(shownMetrics), mostRows);
  const items = (some: readonly MetricChange[]) =>
    some.map((one) => html`<li>${metricChange(one)}</li>`);
  return when(
    metrics.length > 0,
    () =>
      html`<h3>Metrics outside their past spread (${metrics.length})</h3>
        <ul>
          ${items(first)}
        </ul>
        ${when(
          rest > 0,
          () =>
            html`<details>
              <summary>${rest} that moved less</summary>
              <ul>
                ${items(folded.first)}${when(folded.rest > 0, () => html`<li>and ${folded.rest} more</li>`)}
              </ul>
            </details>`,
        )}`,
  );
}

/** What changed since the run that this one was compared with. */
export function changesSection(comparison: RunComparison): Markup {
  const { a, headline, bisect, newFailures, fixed } = comparison;
  const { stillFailing, otherStatus, newJobs, vanishedJobs } = comparison;
  const parts = [
    list('New failures', newFailures, jobChange),
    list('Fixed', fixed, jobChange),
    list('Still failing', stillFailing, jobChange),
    list('Another status, as expected', otherStatus, jobChange),
    metricList(byMove(comparison.metrics)),
    flakyList(comparison.flaky),
    list('New jobs', newJobs, linkTo),
    list('Vanished jobs', vanishedJobs, (job) => html`${shortName(job)}`),
  ].filter((part) => part !== undefined);
  return html`<section id="changes" aria-labelledby="changes-h">
    <h2 id="changes-h">Since run ${shortName(a)}</h2>
    ${when(headline !== undefined, () => html`<p>${clip(headline ?? '', limit.reasonChars)}</p>`)}${when(
      bisect !== undefined,
      () =>
        html`<p>To find the commit:</p>
          <pre class="command" tabindex="0" role="group" aria-label="Command">${bisect}</pre>`,
    )}
    ${parts.length > 0 ? parts : html`<p>Nothing changed.</p>`}
  </section>`;
}
