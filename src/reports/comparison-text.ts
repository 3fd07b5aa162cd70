// SPDX-License-Identifier: MIT
import type { JobChange, MetricChange, RunComparison } from '../model/history.js';
import { formatRatio, formatUs } from '../model/units.js';
import { asciiLine, clip } from './text.js';

const mostLines = 200;

function formatValue(value: number, unit: string): string {
  if (unit === 'us') return formatUs(value);
  return unit === 'ratio' ? formatRatio(value) : `${value} ${unit}`;
}

function jobLines({ job, before, after, reason }: JobChange): readonly string[] {
  return [`  ${asciiLine(job)}: ${before} -> ${after}`, `    ${clip(asciiLine(reason), 200)}`];
}

function metricLines({ job, metric, unit, before, after, rule, past }: MetricChange) {
  const [was, is] = [formatValue(before, unit), formatValue(after, unit)];
  const range = `${formatValue(past.min, unit)} to ${formatValue(past.max, unit)}`;
  const why = rule === 'changed' ? 'only one earlier value' : `${past.count} earlier: ${range}`;
  return [`  ${asciiLine(job)} ${asciiLine(metric)}: ${was} -> ${is} (${why})`];
}

function part<T>(title: string, items: readonly T[], lines: (item: T) => readonly string[]) {
  if (items.length === 0) return [];
  const first = items.slice(0, mostLines).flatMap(lines);
  const rest = items.length - mostLines;
  return [`${title} (${items.length}):`, ...first, ...(rest > 0 ? [`  and ${rest} more`] : []), ''];
}

const names = (job: string): readonly string[] => [`  ${asciiLine(job)}`];

/** What changed between two runs, for a terminal: plain ASCII, what needs attention first. */
export function renderComparison(comparison: RunComparison): string {
  const { a, b } = comparison;
  const parts = [
    ...part('New failures', comparison.newFailures, jobLines),
    ...part('Still failing', comparison.stillFailing, jobLines),
    ...part('Fixed', comparison.fixed, jobLines),
    ...part('Another status, as expected', comparison.otherStatus, jobLines),
    ...part('Metrics outside their past spread', comparison.metrics, metricLines),
    ...part(
      'Flaky: PASS and FAIL with identical inputs',
      comparison.flaky,
      ({ job, passed, failed }) => [`  ${asciiLine(job)}: ${passed} x PASS, ${failed} x FAIL`],
    ),
    ...part('New jobs', comparison.newJobs, names),
    ...part('Vanished jobs', comparison.vanishedJobs, names),
  ];
  const head = `${asciiLine(a)} -> ${asciiLine(b)}`;
  return [head, '', ...(parts.length > 0 ? parts : ['nothing changed', ''])].join('\n');
}
