// SPDX-License-Identifier: MIT
import type { CaseResult, Fault, JobResult, Metric } from '../../model/result.js';
import { formatRatio, formatUs } from '../../model/units.js';
import { urlPart } from '../../system/address.js';
import { numberColumns, numberOf } from '../key-numbers.js';
import { signatureOf } from '../../verdict/signatures.js';
import { outcomeOf } from '../outcome.js';
import { clip } from '../text.js';
import type { JobFiles } from './job-files.js';
import { excerpt, firstOf, limit, shortName } from './limits.js';
import { html, when, type Markup } from './markup.js';
import { statusMark } from './status-mark.js';
import { factsByOwner } from '../facts.js';

/** The anchor of a job; the same for a job of the same name in every run. */
export function jobAnchor(name: string): string {
  return `job-${shortName(name).replace(/[^A-Za-z0-9._-]/g, '_')}`;
}

/** A metric's value as a person reads it. */
export function formatMetric({ value, unit }: Pick<Metric, 'value' | 'unit'>): string {
  if (unit === 'us') return formatUs(value);
  if (unit === 'ratio') return formatRatio(value);
  return unit === 'count' ? String(value) : `${value} ${clip(unit, 20)}`;
}

function caseRow({ name, status, reason, metrics }: CaseResult): Markup {
  const { first, rest } = firstOf(metrics, limit.metricsOfCase);
  const numbers = first.map(
    (metric) =>
      html`<span class="m"
        ><span class="k">${shortName(metric.name)}</span> ${formatMetric(metric)}</span
      > `,
  );
  return html`<tr>
    <th scope="row">${shortName(name)}</th>
    <td>${statusMark(status)}</td>
    <td>
      ${when(
        reason !== undefined,
        () => html`<p>${clip(reason ?? '', limit.reasonChars)}</p>`,
      )}${numbers}${more(rest)}
    </td>
  </tr>`;
}

const more = (rest: number): Markup | undefined =>
  when(rest > 0, () => html`<p class="faint">${rest} more in results.json</p>`);

function casesTable(job: JobResult): Markup | undefined {
  const { first, rest } = firstOf(job.cases, limit.cases);
  return when(
    first.length > 0,
    () =>
      html`<h4>Cases</h4>
        <div class="wide">
          <table class="cases">
            <caption class="vh">
              Cases of ${job.name}
            </caption>
            <thead>
              <tr>
                <th scope="col">case</th>
                <th scope="col">status</th>
                <th scope="col">why, and metrics</th>
              </tr>
            </thead>
            <tbody>
              ${first.map(caseRow)}
            </tbody>
          </table>
        </div>
        ${more(rest)}`,
  );
}

const preformatted = (label: string, text: string, kind = 'console'): Markup =>
  html`<pre class="${kind}" tabindex="0" role="group" aria-label="${label}">${text}</pre>`;

function faultPart({ class: name, title, phase, lines }: Fault, chars: number): Markup {
  const heading = clip(title, limit.lineChars);
  return html`<p><strong>${shortName(name)}</strong> in phase ${phase}: ${heading}</p>
    ${when(lines.length > 0, () =>
      preformatted(`Console around ${shortName(name)}`, excerpt(lines, limit.faultLines, chars)),
    )}`;
}

/** What a maintainer needs first: what it means, where to look, and how to see it again. */
function signaturePart(job: JobResult): Markup | undefined {
  const signature = signatureOf(job);
  if (!signature) return undefined;
  const { means, look, known } = signature;
  return html`<h4>What this looks like</h4>
    <p>${means}.</p>
    <p>Look at: ${look}.</p>
    ${when(known !== undefined, () => html`<p>Known: ${known}.</p>`)}
    <p><a href="#explanations">How to go on</a></p>`;
}

function faultsPart(job: JobResult, chars: number): Markup | undefined {
  const { first, rest } = firstOf(job.faults, limit.faults);
  const each = Math.floor(chars / Math.max(1, first.length));
  return when(
    first.length > 0,
    () =>
      html`<h4>Faults</h4>
        ${first.map((fault) => faultPart(fault, each))}${more(rest)}`,
  );
}

// Where no fault explains a job that went wrong, the end of its console may.
function tailPart(job: JobResult, files: JobFiles, chars: number): Markup | undefined {
  const wanted = outcomeOf(job) === 'unexpected' && job.faults.length === 0;
  const lines = files.tail.slice(-limit.tailLines);
  const text = excerpt(lines, limit.tailLines, chars).trim();
  return when(
    wanted && text !== '',
    () =>
      html`<h4>End of the console</h4>
        ${preformatted('End of the console', text)}`,
  );
}

const factTitles = {
  fact: 'Facts',
  device: 'What the device says',
  payload: 'What the payload says',
};

/** Whose they are stands above them: the payload says what the kernel under test lets it say. */
function factsPart(job: JobResult): Markup {
  const [ours, ...others] = factsByOwner(job).map(([owner, facts]) => {
    const shown = Object.entries(facts).filter(([name]) => name !== 'qemu_argv');
    return factList(factTitles[owner], shown, owner === 'fact' ? job.timesMs : {});
  });
  return html`${ours}${others}`;
}

function factList(
  title: string,
  facts: [string, string][],
  timesMs: JobResult['timesMs'],
): Markup | undefined {
  const { first, rest } = firstOf(
    facts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    limit.facts,
  );
  const times = Object.entries(timesMs).map(
    ([name, ms]) =>
      html`<div>
        <dt>time of ${shortName(name)}</dt>
        <dd>${formatUs(ms * 1000)}</dd>
      </div>`,
  );
  return when(
    first.length + times.length > 0,
    () =>
      html`<h4>${title}</h4>
        <dl>
          ${first.map(
            ([name, value]) =>
              html`<div>
                <dt>${shortName(name)}</dt>
                <dd>${clip(value, 1000)}</dd>
              </div>`,
          )}${times}
        </dl>
        ${more(rest)}`,
  );
}

function reproducePart(job: JobResult): Markup | undefined {
  const argv = job.deviceFacts?.['qemu_argv'];
  return when(
    argv !== undefined,
    () =>
      html`<h4>Command to boot this machine again</h4>
        ${preformatted('Command', clip(argv ?? '', limit.factChars), 'command')}`,
  );
}

function rawPart(job: JobResult, files: JobFiles, base: string): Markup | undefined {
  const { first, rest } = firstOf(files.raw, limit.rawFiles);
  const href = (file: string): string => `${base}${urlPart(job.name)}/${urlPart(file)}`;
  return when(
    first.length > 0,
    () =>
      html`<h4>Raw files</h4>
        <p class="files">${first.map((file) => html`<a href="${href(file)}">${file}</a> `)}</p>
        ${more(rest)}`,
  );
}

function expectation(job: JobResult): Markup {
  const outcome = outcomeOf(job);
  if (outcome === 'expected') return html`<span class="faint">as expected</span>`;
  if (outcome === 'skipped') return html`<span class="faint">no device</span>`;
  return html`<strong>not as expected</strong>, want ${job.expect}`;
}

/**
 * A job with everything that a reader needs to judge it, folded.
 * @param plots anchor of its plots
 * @param consoleChars bound on the console text in it
 * @param base what leads from the page to the run's folder, such as `../run/`
 */
export function jobSection(
  job: JobResult,
  files: JobFiles,
  plots: string | undefined,
  consoleChars: number,
  base = '',
): Markup {
  const open = outcomeOf(job) === 'unexpected' ? html` open` : undefined;
  const numbers = numberColumns([job]).map((column) => ({
    name: column.name,
    text: numberOf(job, column),
  }));
  const ran = numbers.some(({ text }) => text !== '-');
  return html`<details class="job" ${open}>
    <summary>
      <h3>${shortName(job.name)}</h3>
      ${statusMark(job.status)} <span>${expectation(job)}</span>
    </summary>
    <div id="${jobAnchor(job.name)}" class="body">
      <p>
        ${clip(job.reason, limit.reasonChars)}
        <span class="faint"
          >(decided by
          ${job.decidedBy}${job.reused ? '; result of an earlier run with the same inputs' : ''})</span
        >
      </p>
      ${when(
        ran,
        () =>
          html`<p>
            ${numbers.map(
              ({ name, text }) =>
                html`<span class="m"><span class="k">${name}</span> ${text}</span> `,
            )}
          </p>`,
      )}${when(plots !== undefined, () => html`<p><a href="#${plots}">Plots of ${shortName(job.device)}</a></p>`)}${signaturePart(job)}${faultsPart(job, consoleChars)}${tailPart(job, files, consoleChars)}${casesTable(job)}${factsPart(job)}${reproducePart(job)}${rawPart(job, files, base)}
      <p><a href="#matrix">Back to the matrix</a></p>
    </div>
  </details> `;
}
