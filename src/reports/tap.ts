// SPDX-License-Identifier: MIT
import { stringify } from 'yaml';
import type { CaseResult, JobResult, RunResult } from '../model/result.js';
import {
  expectedReason,
  jobShownAs,
  passesUnexpectedly,
  shownAs,
  unexpectedPass,
  usualMode,
  type ExpectedMode,
  type Shown,
} from '../verdict/expected.js';
import { headlineOf } from '../verdict/headline.js';
import { cleanLine, cleanText } from './text.js';

const indent = (lines: readonly string[], by: number): readonly string[] =>
  lines.map((line) => (line === '' ? '' : ' '.repeat(by) + line));

const escapeName = (text: string): string =>
  cleanLine(text).replaceAll('\\', '\\\\').replaceAll('#', '\\#');

/** How a result stands in TAP. ERROR and MISS are `not ok` as FAIL is: the diagnostics name the status. */
const forms: Readonly<Record<Shown, { readonly ok: boolean; readonly directive?: string }>> = {
  pass: { ok: true },
  skip: { ok: true, directive: 'SKIP' },
  todo: { ok: false, directive: 'TODO' },
  fail: { ok: false },
};

/** A test point but for its number. */
interface Point {
  readonly ok: boolean;
  readonly rest: string;
  readonly diagnostics: readonly string[];
}

/** @param why what stands behind a directive */
function named(name: string, shown: Shown, why: string): Omit<Point, 'diagnostics'> {
  const { ok, directive } = forms[shown];
  const behind = directive === undefined ? '' : ` # ${directive} ${cleanLine(why)}`.trimEnd();
  // A brace at the end would open a buffered subtest.
  const rest = `${escapeName(name)}${behind}`.replace(/(?<![\s{])[\s{]+$/, '');
  return { ok, rest };
}

const pointLines = (point: Point, number: number): readonly string[] => [
  `${point.ok ? 'ok' : 'not ok'} ${number} - ${point.rest}`,
  ...point.diagnostics,
];

const numbered = (points: readonly Point[]): readonly string[] =>
  points.flatMap((point, index) => pointLines(point, index + 1));

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

function casePoint(result: CaseResult, name: string, job: JobResult, mode: ExpectedMode): Point {
  const { status, reason } = result;
  const shown = shownAs(status, job, mode);
  const why = shown === 'skip' ? (reason ?? '') : expectedReason(job, reason ?? status);
  return {
    ...named(name, shown, why),
    diagnostics: diagnostics({
      status: status === 'PASS' ? undefined : status,
      reason: reason === undefined ? undefined : cleanLine(reason),
      metrics: metricsOf(result),
    }),
  };
}

function jobPoint(job: JobResult, mode: ExpectedMode): Point {
  const faults = job.faults.map((fault) => ({
    class: cleanLine(fault.class),
    phase: fault.phase,
    title: cleanLine(fault.title),
    lines: cleanText(fault.lines.join('\n')),
  }));
  const shown = jobShownAs(job, mode);
  const reason = passesUnexpectedly(job) ? `${unexpectedPass(job)}: ${job.reason}` : job.reason;
  return {
    ...named(job.name, shown, shown === 'skip' ? reason : expectedReason(job, reason)),
    diagnostics: diagnostics({
      status: job.status,
      expected: job.expect,
      as_expected: job.asExpected,
      decided_by: job.decidedBy,
      reason: cleanLine(reason),
      faults: faults.length === 0 ? undefined : faults,
    }),
  };
}

const casePoints = (job: JobResult, mode: ExpectedMode, before = ''): readonly Point[] =>
  job.cases.map((result) => casePoint(result, `${before}${result.name}`, job, mode));

function subtest(job: JobResult, mode: ExpectedMode): readonly string[] {
  if (job.cases.length === 0) return [];
  const body = [`1..${job.cases.length}`, ...numbered(casePoints(job, mode))];
  return [`# Subtest: ${cleanLine(job.name)}`, ...indent(body, 4)];
}

const document = (
  version: number,
  run: RunResult,
  count: number,
  body: readonly string[],
): string =>
  cleanText(
    `${[
      `TAP version ${version}`,
      // Before the comments: tap.py knows a plan at the begin or at the end only.
      count === 0 ? '1..0 # SKIP no jobs' : `1..${count}`,
      `# busyguest run ${cleanLine(run.run)}, overall verdict: ${run.overall}`,
      `# ${cleanLine(headlineOf(run))}`,
      ...body,
    ].join('\n')}\n`,
  );

/** A run as TAP version 14: one subtest a job, one test point a case, metrics as YAML diagnostics. */
export function renderTap(run: RunResult, mode: ExpectedMode = usualMode): string {
  const body = run.jobs.flatMap((job, index) => [
    ...subtest(job, mode),
    ...pointLines(jobPoint(job, mode), index + 1),
  ]);
  return document(14, run, run.jobs.length, body);
}

/** The same for readers of TAP version 13, which know no subtests: one row, of each job its cases and then itself. */
export function renderFlatTap(run: RunResult, mode: ExpectedMode = usualMode): string {
  const points = run.jobs.flatMap((job) => [
    ...casePoints(job, mode, `${job.name}: `),
    jobPoint(job, mode),
  ]);
  return document(13, run, points.length, numbered(points));
}
