// SPDX-License-Identifier: MIT
import type { RunEvent } from '../model/event.js';
import { plainLine } from './progress-line.js';
import { ActivityList } from './progress-activity.js';
import type { Report } from './report.js';
import { asciiLine, cleanText, wrap } from './text.js';

/** Where progress goes: process.stderr, or an array in a test. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Calls back regularly until the function it returned is called. */
export type Ticker = (periodMs: number, tick: () => void) => () => void;

export interface ProgressOptions {
  readonly stream: ProgressStream;
  /** Print nothing at all. */
  readonly quiet?: boolean;
  /** False: leave out what each job gave. */
  readonly results?: boolean;
  /** Print every console line too. */
  readonly verbose?: boolean;
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs?: () => number;
  readonly ticker?: Ticker;
}

// A status line ten times a second is as much as an eye follows.
const refreshMs = 100;
// A line that is longer than the screen is broken between words.
const mostParts = 40;
const clearLine = '\r\u001b[K';

const intervals: Ticker = (periodMs, tick) => {
  const timer = setInterval(tick, periodMs);
  // Progress must not keep the process alive.
  timer.unref();
  return () => clearInterval(timer);
};

/** The one status line at the bottom of a terminal, below lines that scroll away. */
class StatusLine {
  private shown = '';
  private drawnAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly stream: ProgressStream,
    private readonly nowMs: () => number,
  ) {}

  print(line: string): void {
    const shown = this.shown;
    this.stream.write(`${shown === '' ? '' : clearLine}${line}\n${shown}`);
  }

  draw(line: string): void {
    const now = this.nowMs();
    if (line === this.shown || now - this.drawnAtMs < refreshMs) return;
    this.stream.write(clearLine + line);
    this.shown = line;
    this.drawnAtMs = now;
  }

  clear(): void {
    if (this.shown !== '') this.stream.write(clearLine);
    this.shown = '';
  }
}

/** Live progress of a run: a status line on a terminal, else plain lines with the time since the start. */
export function progressReport(options: ProgressOptions): Report {
  const { stream, quiet = false, results = true, verbose = false, ticker = intervals } = options;
  const nowMs = options.nowMs ?? (() => performance.now());
  if (quiet) return { name: 'progress', onEnd: () => undefined };

  const activities = new ActivityList(nowMs);
  const status = stream.isTTY === true ? new StatusLine(stream, nowMs) : undefined;
  // The last column stays free: terminals differ in when they wrap.
  const columns = (): number => (stream.columns ?? 80) - 1;
  const parts = (indent: string, line: string): readonly string[] =>
    wrap(line, columns() - indent.length - 2, mostParts).map(
      (part, at) => `${indent}${at === 0 ? '' : '  '}${part}`,
    );
  const draw = (): void => {
    const text = activities.describe(columns());
    if (text === '') status?.clear();
    else status?.draw(text);
  };
  const stop = status ? ticker(refreshMs, draw) : () => undefined;
  const print = (text: string): void => {
    // A note may carry several problems; each keeps its own line and its indentation.
    for (const line of cleanText(text).split('\n')) {
      const indent = /^ */.exec(line)?.[0] ?? '';
      if (status) for (const part of parts(indent, asciiLine(line))) status.print(part);
      else stream.write(`[${activities.elapsed()}] ${indent}${asciiLine(line)}\n`);
    }
  };

  const end = (): void => {
    stop();
    status?.clear();
  };
  return {
    name: 'progress',
    onEvent(event: RunEvent) {
      const tookMs = event.kind === 'work-end' ? activities.since(event.work) : undefined;
      const isNews = activities.take(event);
      const steps = status === undefined && isNews;
      const width = status && columns();
      const left = activities.timeLeft();
      const isTold = event.kind !== 'job-end' || results;
      const line = plainLine(event, { verbose, steps, tookMs, width, left });
      if (line !== undefined && isTold) print(line);
      draw();
      if (event.kind === 'run-end') end();
    },
    onEnd: end,
  };
}
