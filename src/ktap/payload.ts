// SPDX-License-Identifier: MIT
import type { CaseResult } from '../model/result.js';
import type { Body, BodyResult, PayloadOptions } from './body.js';
import { FlatBody } from './flat-body.js';
import { stripPrintk } from './line-type.js';
import { SelftestBody } from './selftest-body.js';

/** What busyguest's own program in the machine said, between `BUSYGUEST-START v1` and `BUSYGUEST-END <exit code>`. */
export interface PayloadResult extends BodyResult {
  readonly started: boolean;
  readonly ended: boolean;
  /** The payload's exit code; absent if it never came or its line is broken. */
  readonly exitCode?: number;
  /** The exit code is not 0: its first digit says so, even where the others are lost. */
  readonly failed: boolean;
  /** The machine started the payload more than once: it was reset. No case is trusted then. */
  readonly restarted: boolean;
  /** Its first or last line is of another boot than the one asked for: what it says instead. */
  readonly otherBoot?: string;
  /** What is wrong with the output itself; a bounded number. */
  readonly problems: readonly string[];
}

/** `boot`: START has not come. `test`: between START and END. `done`: after END. */
export type PayloadPhase = 'boot' | 'test' | 'done';

const mostProblems = 100;

/** A kernel message may follow without a newline between; the marker before it is whole. */
const marker = {
  start: /^BUSYGUEST-START v(\d+)(?: boot=([0-9a-f]{16}))?(?=\s|\[|$)/,
  end: /^BUSYGUEST-END(?: (\d{1,3})(?: boot=([0-9a-f]{16}))?)?(?=\s|\[|$)/,
  failed: /^BUSYGUEST-END\s*0*[1-9]/,
} as const;

/** Reads what a program in the machine prints from a console, line by line as it comes. Never throws; memory is bounded. */
export class PayloadReader {
  private state: PayloadPhase = 'boot';
  private starts = 0;
  private exitCode: number | undefined;
  private failed = false;
  private otherBoot: string | undefined;
  private readonly body: Body;
  private readonly problems: string[] = [];

  constructor(private readonly options: PayloadOptions = {}) {
    const note = (problem: string): void => this.note(problem);
    this.body = options.format === 'selftests' ? new SelftestBody() : new FlatBody(options, note);
  }

  get phase(): PayloadPhase {
    return this.state;
  }

  /** Takes one line without its newline. `terminated: false`: the console ends within it. */
  feed(text: string, terminated = true): void {
    if (text.includes('BUSYGUEST-') && this.takeMarker(stripPrintk(text), terminated)) return;
    if (this.state === 'test') this.body.takeLine(text, terminated);
  }

  /** Ends the console. Call once. */
  end(): PayloadResult {
    const { cases, ...said } = this.body.end();
    const restarted = this.starts > 1;
    return {
      started: this.starts > 0,
      ended: this.state === 'done',
      ...(this.exitCode === undefined ? {} : { exitCode: this.exitCode }),
      failed: this.failed,
      restarted,
      ...(this.otherBoot === undefined ? {} : { otherBoot: this.otherBoot }),
      cases: restarted ? cases.map(distrust) : cases,
      ...said,
      problems: this.problems,
    };
  }

  private takeMarker(text: string, terminated: boolean): boolean {
    const start = marker.start.exec(text);
    if (start) {
      // An unterminated `v1` may be the beginning of `v12`.
      if (start[1] !== '1' || !terminated)
        this.note(`${text.slice(0, 40)}: not a version that is known`);
      else this.start(start[2]);
      return true;
    }
    const end = this.state === 'test' ? marker.end.exec(text) : null;
    if (!end) return false;
    this.failed ||= marker.failed.test(text);
    // As with START: what the console ends within has not come.
    if (terminated) this.state = 'done';
    const whole = terminated && end[0] === text && end[1] !== undefined;
    if (whole) this.exitCode = Number(end[1]);
    else this.note('the line of BUSYGUEST-END is broken, so the exit code is not known');
    if (terminated) this.belongs('last', end[2]);
    return true;
  }

  private start(bootId: string | undefined): void {
    this.belongs('first', bootId);
    this.starts += 1;
    this.state = 'test';
    if (this.starts === 2) this.note('the payload started twice: the machine was reset');
  }

  /** Every first and last line is looked at: a console may hold those of two boots. */
  private belongs(line: 'first' | 'last', bootId: string | undefined): void {
    const wanted = this.options.bootId;
    if (wanted === undefined || bootId === wanted) return;
    const said = bootId === undefined ? 'names no boot' : `is of boot ${bootId}`;
    this.otherBoot ??= `the payload's ${line} line ${said}, this is boot ${wanted}`;
  }

  private note(problem: string): void {
    if (this.problems.length < mostProblems) this.problems.push(problem);
  }
}

/** After a reset nothing says which of the results belong together. */
function distrust(one: CaseResult): CaseResult {
  return {
    ...one,
    status: 'ERROR',
    reason: `the machine was reset during the test (reported ${one.status})`,
  };
}

/** Reads a whole console; every line counts as terminated. */
export function readPayload(lines: Iterable<string>, options: PayloadOptions = {}): PayloadResult {
  const reader = new PayloadReader(options);
  for (const line of lines) reader.feed(line);
  return reader.end();
}
