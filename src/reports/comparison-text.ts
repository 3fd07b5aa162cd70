// SPDX-License-Identifier: MIT
import type { JobChange, MetricChange, RunComparison } from '../model/history.js';
import { byMove, formatApart, shownMetrics } from './metric-change.js';
import { asciiLine, clip, wrap } from './text.js';

const mostLines = 200;

function jobLines({ job, before, after, reason }: JobChange): readonly string[] {
  return [`  ${asciiLine(job)}: ${before} -> ${after}`, `    ${clip(asciiLine(reason), 200)}`];
}

function metricLines({ job, metric, unit, before, after, rule, past }: MetricChange) {
  const [was, is] = formatApart(before, after, unit);
  const range = formatApart(past.min, past.max, unit).join(' to ');
  const why = rule === 'changed' ? 'only one earlier value' : `${past.count} earlier: ${range}`;
  return [`  ${asciiLine(job)} ${asciiLine(metric)}: ${was} -> ${is} (${why})`];
}

function part<T>(
  title: string,
  items: readonly T[],
  lines: (item: T) => readonly string[],
  most = mostLines,
) {
  if (items.length === 0) return [];
  const first = items.slice(0, most).flatMap(lines);
  const rest = items.length - most;
  return [`${title} (${items.length}):`, ...first, ...(rest > 0 ? [`  and ${rest} more`] : []), ''];
}

const names = (job: string): readonly string[] => [`  ${asciiLine(job)}`];

/** What changed between two runs, for a terminal: plain ASCII, what needs attention first. */
export function renderComparison(comparison: RunComparison, width?: number): string {
  const { a, b } = comparison;
  const parts = [
    ...part('New failures', comparison.newFailures, jobLines),
    ...part('Still failing', comparison.stillFailing, jobLines),
    ...part('Fixed', comparison.fixed, jobLines),
    ...part('Another status, as expected', comparison.otherStatus, jobLines),
    ...part(
      'Metrics outside their past spread, the largest moves first',
      byMove(comparison.metrics),
      metricLines,
      shownMetrics,
    ),
    ...part(
      'Flaky: PASS and FAIL with identical inputs',
      comparison.flaky,
      ({ job, passed, failed }) => [`  ${asciiLine(job)}: ${passed} x PASS, ${failed} x FAIL`],
    ),
    ...part('New jobs', comparison.newJobs, names),
    ...part('Vanished jobs', comparison.vanishedJobs, names),
  ];
  const head = `${asciiLine(a)} -> ${asciiLine(b)}`;
  const text = [head, '', ...(parts.length > 0 ? parts : ['nothing changed', ''])].join('\n');
  return `${text}\n${renderChange(comparison, width)}`;
}

/** The change in one sentence, and the command that finds its cause. A command is never cut. */
export function renderChange({ headline, bisect }: RunComparison, width = 100_000): string {
  const lines = wrap(asciiLine(headline ?? ''), width, 8);
  const next = bisect === undefined ? [] : ['to find the commit:', `  ${asciiLine(bisect)}`];
  return [...next, ...lines].map((line) => `${line}\n`).join('');
}
