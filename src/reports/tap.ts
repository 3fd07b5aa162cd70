// SPDX-License-Identifier: MIT
import { stringify } from 'yaml';
import type { CaseResult, JobResult, RunResult } from '../model/result.js';
import type { Status } from '../model/status.js';
import { headlineOf } from '../verdict/headline.js';
import { cleanLine, cleanText } from './text.js';

const indent = (lines: readonly string[], by: number): readonly string[] =>
  lines.map((line) => (line === '' ? '' : ' '.repeat(by) + line));

const escapeName = (text: string): string =>
  cleanLine(text).replaceAll('\\', '\\\\').replaceAll('#', '\\#');

/** ERROR and MISS are `not ok` as FAIL is: TAP has no word for them; the diagnostics name the status. */
function point(number: number, name: string, status: Status, reason?: string): string {
  const ok = status === 'PASS' || status === 'SKIP';
  const directive = status === 'SKIP' ? ` # SKIP ${cleanLine(reason ?? '')}`.trimEnd() : '';
  // A brace at the end would open a buffered subtest.
  const rest = `${escapeName(name)}${directive}`.replace(/(?<![\s{])[\s{]+$/, '');
  return `${ok ? 'ok' : 'not ok'} ${number} - ${rest}`;
}

/** A YAML block of TAP 14; entries that are undefined are left out. */
function diagnostics(fields: Readonly<Record<string, unknown>>): readonly string[] {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (known.length === 0) return [];
  const yaml = stringify(Object.fromEntries(known), { lineWidth: 0 }).trimEnd().split('\n');
  return indent(['---', ...yaml, '...'], 2);
}

function metricsOf({ metrics }: CaseResult): Record<string, unknown> | undefined {
  if (metrics.length === 0) return undefined;
  return Object.fromEntries(
    metrics.map(({ name, value, unit }) => [cleanLine(name), { value, unit: cleanLine(unit) }]),
  );
}

function caseLines(result: CaseResult, number: number): readonly string[] {
  const { name, status, reason } = result;
  return [
    point(number, name, status, reason),
    ...diagnostics({
      status: status === 'PASS' ? undefined : status,
      reason: reason === undefined ? undefined : cleanLine(reason),
      metrics: metricsOf(result),
    }),
  ];
}

function subtest(job: JobResult): readonly string[] {
  if (job.cases.length === 0) return [];
  const body = [
    `1..${job.cases.length}`,
    ...job.cases.flatMap((result, index) => caseLines(result, index + 1)),
  ];
  return [`# Subtest: ${cleanLine(job.name)}`, ...indent(body, 4)];
}

function jobLines(job: JobResult, number: number): readonly string[] {
  const faults = job.faults.map((fault) => ({
    class: cleanLine(fault.class),
    phase: fault.phase,
    title: cleanLine(fault.title),
    lines: cleanText(fault.lines.join('\n')),
  }));
  return [
    ...subtest(job),
    point(number, job.name, job.status, job.reason),
    ...diagnostics({
      status: job.status,
      expected: job.expect,
      as_expected: job.asExpected,
      decided_by: job.decidedBy,
      reason: cleanLine(job.reason),
      faults: faults.length === 0 ? undefined : faults,
    }),
  ];
}

/** A run as TAP version 14: one subtest a job, one test point a case, metrics as YAML diagnostics. */
export function renderTap(run: RunResult): string {
  const lines = [
    'TAP version 14',
    `# busyguest run ${cleanLine(run.run)}, overall verdict: ${run.overall}`,
    `# ${cleanLine(headlineOf(run))}`,
    run.jobs.length === 0 ? '1..0 # SKIP no jobs' : `1..${run.jobs.length}`,
    ...run.jobs.flatMap((job, index) => jobLines(job, index + 1)),
  ];
  return cleanText(`${lines.join('\n')}\n`);
}
