// SPDX-License-Identifier: MIT
import type { JobResult, RunResult } from '../model/result.js';
import {
  jobShownAs,
  passesUnexpectedly,
  unexpectedPass,
  usualMode,
  type ExpectedMode,
} from '../verdict/expected.js';
import { headlineOf } from '../verdict/headline.js';
import { clip, cleanLine } from './text.js';

/** GitHub shows ten of a kind for each step. */
const shown = 9;

/** Text in a workflow command, where a line ends it: https://docs.github.com/actions, "Workflow commands". */
const message = (text: string): string =>
  clip(cleanLine(text), 500).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string =>
  message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

function annotation(job: JobResult): string {
  const { name, status, reason } = job;
  const why = passesUnexpectedly(job) ? `${unexpectedPass(job)}. ${reason}` : reason;
  return `::error title=${property(`${status} ${name}`)}::${message(why)}`;
}

/** What failed, as GitHub's workflow commands: an error for each job, and one line for the whole run. */
export function renderAnnotations(run: RunResult, mode: ExpectedMode = usualMode): string {
  const failed = run.jobs.filter((job) => jobShownAs(job, mode) === 'fail');
  const rest = failed.length - shown;
  const lines = [
    ...failed.slice(0, shown).map(annotation),
    ...(rest > 0 ? [`::error title=busyguest::and ${rest} more jobs failed`] : []),
    `::notice title=busyguest::${message(headlineOf(run))}`,
  ];
  return `${lines.join('\n')}\n`;
}
