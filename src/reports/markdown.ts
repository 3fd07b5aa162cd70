// SPDX-License-Identifier: MIT
import type { JobResult, RunResult } from '../model/result.js';
import { shownAs, usualMode, type ExpectedMode } from '../verdict/expected.js';
import { headlineOf } from '../verdict/headline.js';
import { numberColumns, numberOf, type NumberColumn } from './key-numbers.js';
import { describeOutcomes, outcomeOf } from './outcome.js';
import { changePhrases } from './pair-text.js';
import { clip, cleanLine } from './text.js';

/** Text that neither markdown nor the HTML in it gives a meaning to, and that calls nobody by `@name`. */
function escape(text: string): string {
  return clip(cleanLine(text), 300)
    .replace(/[@#](?=\w)/g, '$&\u200B')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*[\]|~]/g, (char) => `&#${char.charCodeAt(0)};`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function verdictTable({ verdicts }: RunResult): string {
  const rows = verdicts.map((pair) => [
    escape(pair.device),
    escape(pair.test),
    `${escape(pair.base)} → ${escape(pair.patched)}`,
    `**${pair.verdict}**`,
    changePhrases(pair).map(escape).join('<br>'),
  ]);
  return table(['device', 'test', 'kernels', 'verdict', 'cases'], rows);
}

function expectation(job: JobResult, mode: ExpectedMode): string {
  const outcome = outcomeOf(job);
  if (outcome === 'unexpected') return `**no**, want ${job.expect}`;
  if (outcome === 'skipped') return 'no device';
  return shownAs(job.status, job, mode) === 'fail' ? '**yes, and counts as failed**' : 'yes';
}

function jobRow(
  job: JobResult,
  columns: readonly NumberColumn[],
  mode: ExpectedMode,
): readonly string[] {
  return [
    escape(job.device),
    escape(job.test),
    escape(job.kernel),
    job.status,
    expectation(job, mode),
    ...columns.map((column) => numberOf(job, column)),
    escape(job.reason),
  ];
}

/** A run as a comment for a merge request or a job summary (GitHub and GitLab markdown). */
export function renderMarkdown(run: RunResult, mode: ExpectedMode = usualMode): string {
  const columns = numberColumns(run.jobs);
  const head = [
    'device',
    'test',
    'kernel',
    'status',
    'as expected',
    ...columns.map(({ name }) => name),
    'why',
  ];
  const parts = [
    `### busyguest: ${escape(headlineOf(run))}`,
    ...(run.verdicts.length > 0 ? [verdictTable(run)] : []),
    table(
      head,
      run.jobs.map((job) => jobRow(job, columns, mode)),
    ),
    `${describeOutcomes(run.jobs)}. Run ${escape(run.run)} of ${escape(run.matrix)}, ${escape(run.startedAt)}.`,
  ];
  return `${parts.join('\n\n')}\n`;
}
