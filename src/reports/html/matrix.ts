// SPDX-License-Identifier: MIT
import { architectureNamed, emulatedMachine } from '../../architectures/architectures.js';
import type { JobResult, RunResult } from '../../model/result.js';
import { programOf } from '../../payload/registry.js';
import { outcomeOf } from '../outcome.js';
import { notablePhrases } from '../pair-text.js';
import { jobAnchor } from './job-section.js';
import { shortName } from './limits.js';
import { html, when, type Markup } from './markup.js';
import { statusMark, verdictMark } from './status-mark.js';

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

function jobLink(job: JobResult): Markup {
  const outcome = outcomeOf(job);
  const overview = programOf(job).reporting.overview(job);
  const note = {
    expected: html`<span class="opt">as </span>expected`,
    skipped: html`no device`,
    unexpected: html`want ${job.expect}`,
  };
  return html`<a class="cell ${outcome}" href="#${jobAnchor(job.name)}"
    >${statusMark(job.status)}
    <span class="sub"
      >${when(overview !== undefined, () => html`<span class="opt">${overview}</span>`)}<br />${note[outcome]}</span
    ></a
  >`;
}

interface Row {
  readonly device: string;
  readonly test: string;
  readonly jobs: readonly JobResult[];
}

/** Jobs by device and test, in the order of the run. */
export function rowsOf(jobs: readonly JobResult[]): readonly Row[] {
  const rows = new Map<string, JobResult[]>();
  for (const job of jobs) {
    const key = `${job.device}\n${job.test}`;
    const row = rows.get(key);
    if (row) row.push(job);
    else rows.set(key, [job]);
  }
  return [...rows.values()].flatMap((list) =>
    list[0] ? [{ device: list[0].device, test: list[0].test, jobs: list }] : [],
  );
}

/** What the architecture of a device is called, whoever starts the machine. */
const architectureTitle = (device: string): string =>
  architectureNamed(emulatedMachine(device)?.architecture).title;

/** Devices down by architecture, kernels across; each cell leads to its job. */
export function matrixSection({ jobs, verdicts }: RunResult): Markup {
  const kernels = unique(jobs.map(({ kernel }) => kernel));
  const manyTests = unique(jobs.map(({ test }) => test)).length > 1;
  const verdictOf = ({ device, test }: Row): readonly Markup[] =>
    verdicts
      .filter((one) => one.device === device && one.test === test)
      .map((one) => {
        const pair = verdicts.length > 0 && kernels.length > 2;
        return html`<div>
          ${verdictMark(one.verdict)}${when(pair, () => html` <span class="sub">${shortName(one.base)} → ${shortName(one.patched)}</span>`)}
          ${notablePhrases(one).map((phrase) => html`<br /><span class="sub opt">${phrase}</span>`)}
        </div>`;
      });
  const withVerdict = verdicts.length > 0;
  const row = (one: Row): Markup =>
    html`<tr>
      <th scope="row">
        ${shortName(one.device)}${when(
          manyTests,
          () => html`<br /><span class="sub">${shortName(one.test)}</span>`,
        )}
      </th>
      ${kernels.map(
        (kernel) => html`<td>${one.jobs.filter((job) => job.kernel === kernel).map(jobLink)}</td>`,
      )}${when(withVerdict, () => html`<td>${verdictOf(one)}</td>`)}
    </tr> `;
  const width = 1 + kernels.length + (withVerdict ? 1 : 0);
  const rows = rowsOf(jobs);
  const titleOf = (one: Row): string => architectureTitle(one.device);
  const titles = unique(rows.map(titleOf));
  const group = (title: string): Markup =>
    html`<tbody>
      ${when(
        titles.length > 1,
        () =>
          html`<tr>
            <th scope="rowgroup" colspan="${width}">${title}</th>
          </tr>`,
      )}
      ${rows.filter((one) => titleOf(one) === title).map(row)}
    </tbody>`;
  const head = kernels.map((kernel) => html`<th scope="col">${shortName(kernel)}</th>`);
  return html`<section id="matrix" aria-labelledby="matrix-h">
    <h2 id="matrix-h">Devices and kernels</h2>
    <div class="wide" tabindex="0" role="group" aria-label="Table of devices and kernels">
      <table class="matrix">
        <caption class="vh">
          Status of each kernel on each device
        </caption>
        <thead>
          <tr>
            <th scope="col">device</th>
            ${head}${when(withVerdict, () => html`<th scope="col">verdict</th>`)}
          </tr>
        </thead>
        ${titles.map(group)}
      </table>
    </div>
  </section> `;
}
