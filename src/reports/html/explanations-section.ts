// SPDX-License-Identifier: MIT
import type { JobResult, RunResult } from '../../model/result.js';
import { signaturesOf } from '../../verdict/signatures.js';
import { quoteWords } from '../../system/shell-words.js';
import { shortName } from './limits.js';
import { html, when, type Markup } from './markup.js';

/** The commands with which to go on from a failing job; words in capitals are to be filled in. */
function nextCommands(run: RunResult, job: JobResult): string {
  const bundle = ['busyguest', 'bundle', `results/${run.run}/${job.name}`];
  const bad = job.facts['git_commit'] ?? 'BAD';
  const ends = ['--tree', 'TREE', '--good', 'GOOD', '--bad', bad];
  const bisect = ['busyguest', 'bisect', ...ends, '--device', job.device];
  return [bundle, bisect].map(quoteWords).join('\n');
}

/**
 * What is wrong with the kernels that fail, once for each signature: meaning, probable cause, what is known, and the
 * commands that take the job to somebody else or find the commit. Undefined where nothing known fits.
 */
export function explanationsSection(run: RunResult): Markup | undefined {
  const found = signaturesOf(run.jobs);
  return when(
    found.length > 0,
    () =>
      html`<section id="explanations" aria-labelledby="explanations-h">
        <h2 id="explanations-h">What is wrong</h2>
        ${found.map(({ signature: { means, look, known }, jobs }) => {
          const [first] = jobs;
          const kernels = [...new Set(jobs.map(({ kernel }) => shortName(kernel)))].join(', ');
          return html`<h3>${kernels}: ${means}.</h3>
            <p>Where to look: ${look}.</p>
            ${when(known !== undefined, () => html`<p>Known: ${known}.</p>`)}
            ${when(
              first !== undefined,
              () =>
                html`<pre class="command" tabindex="0" role="group" aria-label="Commands to go on">
${first && nextCommands(run, first)}</pre>`,
            )}`;
        })}
      </section>`,
  );
}
