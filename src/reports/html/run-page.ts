// SPDX-License-Identifier: MIT
import { dirname, relative, resolve, sep } from 'node:path';
import type { RunComparison } from '../../model/history.js';
import type { RunResult } from '../../model/result.js';
import { urlPart } from '../../system/address.js';
import { headlineOf } from '../../verdict/headline.js';
import { worstEffect } from '../../verdict/kernel-summary.js';
import { readComparison } from '../comparison-file.js';
import { describeOutcomes, outcomeOf } from '../outcome.js';
import { changesSection } from './changes-section.js';
import { explanationsSection } from './explanations-section.js';
import { noFiles, readJobFiles, type JobFiles } from './job-files.js';
import { jobSection } from './job-section.js';
import { limit, shortName } from './limits.js';
import { html, when, type Markup } from './markup.js';
import { matrixSection } from './matrix.js';
import { page, type NavLink } from './page.js';
import { plotsOf } from './plots-section.js';
import { cleanLine, clip, minuteOf } from '../text.js';
import { effectMark, verdictMark } from './status-mark.js';

/** Everything of a run's folder that its page shows. */
export interface RunFiles {
  readonly jobs: ReadonlyMap<string, JobFiles>;
  /** comparison.json, where the run was compared with an earlier one. */
  readonly comparison?: RunComparison;
  /** What leads from the page to the run's folder, such as `../run/`; nothing where it lies in it. */
  readonly base?: string;
}

/** A run in progress on a served page. */
export interface LiveRun {
  readonly state: string;
  readonly progress: string;
}

async function readRunFiles(run: RunResult, dir: string): Promise<RunFiles> {
  const jobs = new Map<string, JobFiles>();
  for (const { name } of run.jobs) jobs.set(name, await readJobFiles(dir, name));
  const comparison = await readComparison(dir).catch(() => undefined);
  return { jobs, ...(comparison ? { comparison } : {}) };
}

const shortHeadline = (run: RunResult): string =>
  clip(cleanLine(headlineOf(run)), limit.reasonChars);

/** The headline behind a mark of its worst: the verdict's, or what the worst kernel does. */
function headlineMark(run: RunResult): Markup {
  const text = shortHeadline(run);
  if (run.overall === 'none') return html`${effectMark(worstEffect(run.jobs))} ${text}`;
  const rest = text.replace(`${run.overall}: `, '');
  return html`${verdictMark(run.overall)} <span class="headline">${rest}</span>`;
}

function headerOf(run: RunResult, live: LiveRun | undefined): Markup {
  return html`<h1>${headlineMark(run)}</h1>
    <p>
      Run <strong>${shortName(run.run)}</strong> of ${shortName(run.matrix)}, started
      ${shortName(minuteOf(run.startedAt))}:
      ${describeOutcomes(run.jobs)}${run.interrupted ? '; interrupted' : ''}.
    </p>
    ${when(live !== undefined, () => html`<p><strong>${live?.progress}</strong></p>`)}`;
}

function jobsSection(
  run: RunResult,
  files: RunFiles,
  anchors: ReadonlyMap<string, string>,
): Markup {
  const withConsole = run.jobs.filter(
    (job) => job.faults.length > 0 || outcomeOf(job) === 'unexpected',
  );
  const chars = Math.floor(limit.consoleChars / Math.max(1, withConsole.length));
  return html`<section id="jobs" aria-labelledby="jobs-h">
    <h2 id="jobs-h">Jobs</h2>
    ${run.jobs.map((job) =>
      jobSection(
        job,
        files.jobs.get(job.name) ?? noFiles,
        anchors.get(job.name),
        chars,
        files.base,
      ),
    )}
  </section>`;
}

/** The page of a run; the same files give the same bytes. */
export function renderRunPage(run: RunResult, files: RunFiles, live?: LiveRun): string {
  const plots = plotsOf(run, files.jobs);
  const { comparison } = files;
  const explanations = explanationsSection(run);
  const links: NavLink[] = [
    { href: '#matrix', text: 'Devices and kernels' },
    ...(explanations ? [{ href: '#explanations', text: 'What is wrong' }] : []),
    ...(comparison ? [{ href: '#changes', text: 'Since last run' }] : []),
    ...(plots.section ? [{ href: '#plots', text: 'Plots' }] : []),
    { href: '#jobs', text: 'Jobs' },
    ...(live ? [] : [{ href: `${files.base ?? ''}results.json`, text: 'results.json' }]),
  ];
  const main = [
    matrixSection(run),
    explanations,
    when(comparison !== undefined, () => changesSection(comparison as RunComparison)),
    plots.section,
    jobsSection(run, files, plots.anchors),
  ];
  const title = `busyguest: ${shortHeadline(run)}`;
  const footer = html`<p>
    Made by busyguest ${run.version ?? ''} from the files beside this page. Times are the machine's
    own. A status says what was measured; a base kernel may be expected to FAIL.
  </p>`;
  return page(title, headerOf(run, live), links, main, footer, live?.state);
}

/**
 * report.html of a run's folder.
 * @param dir the run's folder
 * @param page where the page will be, when that is not the folder: its links then lead there
 */
export async function renderHtml(run: RunResult, dir: string, page?: string): Promise<string> {
  const files = await readRunFiles(run, dir);
  const way = page === undefined ? '' : relative(dirname(resolve(page)), resolve(dir));
  const base = way === '' ? '' : `${way.split(sep).map(urlPart).join('/')}/`;
  return renderRunPage(run, { ...files, base });
}

/** The page of a run in progress, for a server. @param dir the run's folder */
export async function renderLive(run: RunResult, dir: string, live: LiveRun): Promise<string> {
  return renderRunPage(run, await readRunFiles(run, dir), live);
}
