// SPDX-License-Identifier: MIT
import { styleText } from 'node:util';
import type { JobResult, PairVerdict, RunResult } from '../model/result.js';
import type { Status, Verdict } from '../model/status.js';
import { signaturesOf } from '../verdict/signatures.js';
import { headlineOf } from '../verdict/headline.js';
import { numberColumns, numberOf, type NumberColumn } from './key-numbers.js';
import { describeOutcomes, outcomeOf } from './outcome.js';
import { changePhrases } from './pair-text.js';
import { asciiLine, clip, wrap } from './text.js';

/** `width`: columns that no line exceeds, 100 when absent. Colour never is the only sign of anything. */
export interface TableOptions {
  readonly color: boolean;
  readonly width?: number;
}

type Style = Parameters<typeof styleText>[0];

const statusStyle: Readonly<Record<Status, Style>> = {
  PASS: 'green',
  FAIL: 'red',
  SKIP: 'yellow',
  ERROR: 'magenta',
  MISS: 'magenta',
};

const verdictStyle: Readonly<Record<Verdict | 'none', Style>> = {
  fixed: 'green',
  'no-effect': 'red',
  regressed: 'red',
  'not-reproduced': 'red',
  inconclusive: 'yellow',
  unchanged: 'green',
  none: 'bold',
};

interface Cell {
  readonly text: string;
  readonly style?: Style;
}

const firstColumns: readonly string[] = ['kernel', 'status', 'as expected'];
// From here on columns are numbers and end at the same place.
const firstNumber = firstColumns.length;
const widestName = 32;
const maxHeadlineLines = 12;

/** As many lines as a reason needs of four of 100 characters. */
const reasonLinesIn = (width: number): number => Math.ceil(400 / Math.max(width, 20));

function expectationCell(job: JobResult): Cell {
  const outcome = outcomeOf(job);
  if (outcome === 'unexpected') return { text: `NO, want ${job.expect}`, style: 'red' };
  return { text: outcome === 'expected' ? 'yes' : 'no device' };
}

function cellsOf(job: JobResult, columns: readonly NumberColumn[]): readonly Cell[] {
  return [
    { text: clip(asciiLine(job.kernel), widestName) },
    { text: job.status, style: statusStyle[job.status] },
    expectationCell(job),
    ...columns.map((column) => ({ text: numberOf(job, column) })),
  ];
}

/** Paints whole lines and cells; gives text back as it is without colour or beyond the width. */
class Painter {
  constructor(
    readonly width: number,
    private readonly color: boolean,
  ) {}

  paint(text: string, style: Style | undefined): string {
    // The caller, not the environment, has decided about colour.
    return this.color && style !== undefined
      ? styleText(style, text, { validateStream: false })
      : text;
  }

  row(cells: readonly Cell[], widths: readonly number[]): string {
    const pad = ({ text }: Cell, column: number): string =>
      column >= firstNumber ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
    const painted = cells.map((cell, column) => {
      const padded = pad(cell, column);
      return padded.replace(cell.text, () => this.paint(cell.text, cell.style));
    });
    return `  ${painted.join('  ')}`.trimEnd();
  }

  /** A row of a table that is too wide for the screen: each number beside its name, and no number cut. */
  tall(cells: readonly Cell[], head: readonly Cell[]): readonly string[] {
    const [name, status, outcome, ...numbers] = cells;
    const first = [name, status, outcome].map((cell) => cell?.text ?? '');
    const [, , asExpected = ''] = first;
    if (asExpected === 'yes') first[2] = 'as expected';
    // A number stays with its name and its unit.
    const rest = numbers.map(({ text }, at) =>
      `${head[firstNumber + at]?.text ?? ''} ${text}`.replaceAll(' ', '\u00a0'),
    );
    const wrapped = (text: string, indent: number): readonly string[] =>
      wrap(text, this.width - indent, reasonLinesIn(this.width)).map(
        (line) => `${' '.repeat(indent)}${line.replaceAll('\u00a0', ' ')}`,
      );
    return [
      ...wrapped(first.join('  '), 2).map((line) => this.paint(line, status?.style)),
      ...wrapped(rest.join(', '), 4),
    ];
  }

  line(text: string, style?: Style): string {
    return this.paint(clip(text, this.width), style);
  }
}

type Group = Pick<JobResult, 'device' | 'test'>;

/** The columns of numbers, all columns with their widths, and whether the screen has room for them. */
interface Layout {
  readonly head: readonly Cell[];
  readonly isWide: boolean;
  readonly columns: readonly NumberColumn[];
  readonly widths: readonly number[];
}

const headOf = (columns: readonly NumberColumn[]): readonly Cell[] =>
  [...firstColumns, ...columns.map(({ column }) => column)].map((text) => ({ text }));

/** A FAIL that was expected still shows its reason: it is the evidence. */
const needsReason = (job: JobResult): boolean => job.status !== 'PASS' || !job.asExpected;

function reasonLines(job: JobResult, width: number): readonly string[] {
  // Of a build each error stands on a line of its own.
  const texts = job.decidedBy === 'build' ? job.reason.split('\n') : [job.reason];
  const most = reasonLinesIn(width);
  const lines = texts.flatMap((text) => wrap(asciiLine(text), width - 4, most));
  const log = job.decidedBy === 'build' ? [`log: ${asciiLine(job.name)}/build.log`] : [];
  return [...lines.slice(0, most), ...log].map((line) => `    ${line}`);
}

function verdictLines(pair: PairVerdict, painter: Painter): readonly string[] {
  const kernels = `${asciiLine(pair.base)} -> ${asciiLine(pair.patched)}`;
  const changes = changePhrases(pair).flatMap((phrase) =>
    wrap(asciiLine(phrase), painter.width - 4, reasonLinesIn(painter.width)),
  );
  const verdict = wrap(`verdict: ${pair.verdict} (${kernels})`, painter.width - 2, 2);
  return [
    ...verdict.map((line) => painter.line(`  ${line}`, verdictStyle[pair.verdict])),
    ...changes.map((line) => `    ${line}`),
  ];
}

function groupLines(
  { device, test }: Group,
  run: RunResult,
  { head, columns, widths, isWide }: Layout,
  painter: Painter,
): readonly string[] {
  const isMine = (one: Group): boolean => one.device === device && one.test === test;
  const jobs = run.jobs.filter(isMine);
  const pairs = run.verdicts.filter(isMine);
  return [
    painter.line(asciiLine(`${device}, ${test}`), 'bold'),
    ...(isWide ? [painter.row(head, widths)] : []),
    ...jobs.flatMap((job) => [
      ...(isWide
        ? [painter.row(cellsOf(job, columns), widths)]
        : painter.tall(cellsOf(job, columns), head)),
      ...(needsReason(job) ? reasonLines(job, painter.width) : []),
    ]),
    ...pairs.flatMap((pair) => verdictLines(pair, painter)),
    '',
  ];
}

/** What failing jobs have in common with what is known, once each. */
function signatureLines({ jobs }: RunResult, painter: Painter): readonly string[] {
  const lines = signaturesOf(jobs).flatMap(({ signature, jobs: own }) => {
    const kernels = [...new Set(own.map(({ kernel }) => kernel))].join(', ');
    const { means, look, known } = signature;
    const rest = [`look at: ${look}`, ...(known === undefined ? [] : [`known: ${known}`])];
    return [
      ...wrap(asciiLine(`${kernels}: ${means}`), painter.width, reasonLinesIn(painter.width)),
      ...rest.flatMap((text) =>
        wrap(asciiLine(text), painter.width - 2, reasonLinesIn(painter.width)).map(
          (line) => `  ${line}`,
        ),
      ),
    ];
  });
  return lines.length > 0 ? [...lines.map((line) => painter.line(line)), ''] : [];
}

/** The final table of a run: jobs by device and test with the numbers that matter, then the verdict of each pair. */
export function renderTable(run: RunResult, { color, width = 100 }: TableOptions): string {
  const painter = new Painter(width, color);
  const columns = numberColumns(run.jobs);
  const head = headOf(columns);
  const rows = [head, ...run.jobs.map((job) => cellsOf(job, columns))];
  const widths = head.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.text.length ?? 0)),
  );
  const rowWidth = widths.reduce((sum, one) => sum + 2 + one, 0);
  const layout = { head, columns, widths, isWide: rowWidth <= width };
  const groups = new Map(
    run.jobs.map((job): [string, Group] => [`${job.device}/${job.test}`, job]),
  );
  return [
    ...[...groups.values()].flatMap((group) => groupLines(group, run, layout, painter)),
    ...signatureLines(run, painter),
    painter.line(describeOutcomes(run.jobs)),
    '',
  ].join('\n');
}

/** The headline of a run, the last that a terminal shows: on as many lines as it needs. */
export function renderHeadline(run: RunResult, { color, width = 100_000 }: TableOptions): string {
  const painter = new Painter(width, color);
  const style = run.overall === 'none' ? headlineStyle(run) : verdictStyle[run.overall];
  const lines = wrap(asciiLine(headlineOf(run)), width, maxHeadlineLines);
  return `${lines.map((line) => painter.line(line, style)).join('\n')}\n`;
}

function headlineStyle({ jobs }: RunResult): Style {
  const statuses = new Set(jobs.map(({ status }) => status));
  const worst = (['FAIL', 'ERROR', 'MISS', 'PASS'] as const).find((one) => statuses.has(one));
  return statusStyle[worst ?? 'SKIP'];
}
