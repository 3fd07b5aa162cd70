// SPDX-License-Identifier: MIT
import type { CaseResult, Metric, Sample } from '../model/result.js';
import { classify, findPrintk, stripPrintk, type ResultLine } from './line-type.js';
import { readRemark } from './remark.js';
import { outcomeOf } from './result-status.js';

/** What busyguest's own program in the machine said, between `BUSYGUEST-START v1` and `BUSYGUEST-END <exit code>`. */
export interface PayloadResult {
  readonly started: boolean;
  readonly ended: boolean;
  /** The payload's exit code; absent if it never came or its line is broken. */
  readonly exitCode?: number;
  /** The exit code is not 0: its first digit says so, even where the others are lost. */
  readonly failed: boolean;
  /** Reason of a `Bail out!`. */
  readonly bailOut?: string;
  /** The machine started the payload more than once: it was reset. No case is trusted then. */
  readonly restarted: boolean;
  /** Its first or last line is of another boot than the one asked for: what it says instead. */
  readonly otherBoot?: string;
  /** In the order of their results, then those never reported (MISS) in the order expected. */
  readonly cases: readonly CaseResult[];
  readonly facts: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
  /** What is wrong with the output itself; a bounded number. */
  readonly problems: readonly string[];
}

/** `boot`: START has not come. `test`: between START and END. `done`: after END. */
export type PayloadPhase = 'boot' | 'test' | 'done';

export interface PayloadOptions {
  /** Names of the cases that the payload must report; those that it does not are MISS. */
  readonly expectedCases?: readonly string[];
  /** What the first and the last line must say, where init was told; 16 hexadecimal digits. */
  readonly bootId?: string | undefined;
}

const limit = {
  cases: 1000,
  metrics: 1000,
  facts: 1000,
  samples: 200_000,
  problems: 100,
  plan: 1000,
};

/** A kernel message may follow without a newline between; the marker before it is whole. */
const marker = {
  start: /^BUSYGUEST-START v(\d+)(?: boot=([0-9a-f]{16}))?(?=\s|\[|$)/,
  end: /^BUSYGUEST-END(?: (\d{1,3})(?: boot=([0-9a-f]{16}))?)?(?=\s|\[|$)/,
  failed: /^BUSYGUEST-END\s*0*[1-9]/,
} as const;

/** Behind what somebody else printed without an end of line, or as part of a longer line. */
const notOkInside = /not ok(?:\s+\d+)?(?:\s+-)?\s+(\w+)/;

/**
 * Reads the payload's flat KTAP from a console, line by line as it comes. Diagnostics before a result belong to
 * that result. Never throws; memory is bounded.
 */
export class PayloadReader {
  private state: PayloadPhase = 'boot';
  private starts = 0;
  private exitCode: number | undefined;
  private failed = false;
  private otherBoot: string | undefined;
  private bailOut: string | undefined;
  private plan = 0;
  private afterTornNot = false;
  private cases = new Map<string, CaseResult>();
  /** Cases with a `not ok` somewhere in a line. */
  private readonly denied = new Set<string>();
  private metrics: Metric[] = [];
  private reason: string | undefined;
  private readonly facts = new Map<string, string>();
  private readonly samples: Sample[] = [];
  private readonly problems: string[] = [];

  constructor(private readonly options: PayloadOptions = {}) {}

  get phase(): PayloadPhase {
    return this.state;
  }

  /** Takes one line without its newline. `terminated: false`: the console ends within it. */
  feed(text: string, terminated = true): void {
    if (text.includes('BUSYGUEST-') && this.takeMarker(stripPrintk(text), terminated)) return;
    if (this.state === 'test') this.takeLine(text, terminated);
  }

  /** Ends the console. Call once. */
  end(): PayloadResult {
    if (this.metrics.length > 0) this.note('metrics without a result line after them');
    this.addMissing();
    const restarted = this.starts > 1;
    const all = [...this.cases.values()].map((one) => this.doubt(one));
    return {
      started: this.starts > 0,
      ended: this.state === 'done',
      ...(this.exitCode === undefined ? {} : { exitCode: this.exitCode }),
      failed: this.failed,
      ...(this.bailOut === undefined ? {} : { bailOut: this.bailOut }),
      restarted,
      ...(this.otherBoot === undefined ? {} : { otherBoot: this.otherBoot }),
      cases: restarted ? all.map(distrust) : all,
      facts: Object.fromEntries(this.facts),
      samples: this.samples,
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

  private takeLine(text: string, terminated: boolean): void {
    const denied = text.includes('not ok') ? notOkInside.exec(text)?.[1] : undefined;
    if (denied !== undefined && this.options.expectedCases?.includes(denied)) {
      this.denied.add(denied);
    }
    const line = classify(text);
    const torn = this.afterTornNot;
    // The payload prints no prose: whatever comes between "not " and "ok" is the kernel's.
    if (line.kind === 'result') this.afterTornNot = false;
    else if (line.kind === 'noise' && line.tornNot !== 'no') this.afterTornNot = true;
    if (line.kind === 'result' && line.column === 0) {
      this.takeResult({ ...line, torn: line.torn || (torn && line.ok) }, terminated);
    } else if (line.kind === 'plan' && line.column === 0 && terminated) {
      this.plan = Math.min(line.count, limit.plan);
    } else if (line.kind === 'bail-out' && line.column === 0) {
      this.bailOut ??= line.reason;
    } else if (line.kind === 'diagnostic') {
      this.takeDiagnostic(line.text, terminated);
    }
  }

  private takeDiagnostic(text: string, terminated: boolean): void {
    const remark = readRemark(text);
    if (remark.kind === 'plain') return;
    if (remark.kind === 'bad' || !terminated || findPrintk(text) >= 0) {
      this.note(`cannot read: # ${text.slice(0, 200)}`);
    } else if (remark.kind === 'fact') {
      if (this.facts.size < limit.facts) this.facts.set(remark.key, remark.value);
    } else if (remark.kind === 'metric') {
      if (this.metrics.length < limit.metrics) this.metrics.push(remark.metric);
    } else if (remark.kind === 'sample') {
      if (this.samples.length < limit.samples) this.samples.push(remark.sample);
    } else {
      this.reason = remark.reason;
    }
  }

  private takeResult(line: ResultLine, terminated: boolean): void {
    const { status, reason } = outcomeOf(line, line.torn, terminated);
    const said = status === 'PASS' ? reason : (reason ?? this.reason);
    const metrics = this.metrics;
    this.metrics = [];
    this.reason = undefined;
    const whole = terminated && !line.torn && line.number !== undefined;
    if (!whole && this.options.expectedCases?.includes(line.name) === false) {
      // Prose, or part of a name: the case that it was is reported as MISS.
      this.note(`result line is broken: ${line.ok ? 'ok' : 'not ok'} ${line.name.slice(0, 100)}`);
      return;
    }
    const name = line.name === '' ? `case ${line.number ?? this.cases.size + 1}` : line.name;
    const earlier = this.cases.get(name);
    if (earlier) this.takeAgain(earlier, status);
    else if (this.cases.size >= limit.cases) this.note('too many results');
    else this.cases.set(name, { name, status, ...(said ? { reason: said } : {}), metrics });
  }

  private takeAgain(earlier: CaseResult, status: CaseResult['status']): void {
    this.note(`${earlier.name} is reported twice`);
    if (earlier.status === status) return;
    const reason = `reported twice, as ${earlier.status} and as ${status}`;
    this.cases.set(earlier.name, { ...earlier, status: 'ERROR', reason });
  }

  /** A case that passes by one line and does not by another, which is broken, does not pass. */
  private doubt(one: CaseResult): CaseResult {
    if (one.status !== 'PASS' || !this.denied.has(one.name)) return one;
    return { ...one, status: 'ERROR', reason: 'a broken line says "not ok", another one "ok"' };
  }

  private addMissing(): void {
    for (const name of this.options.expectedCases ?? []) this.addMiss(name);
    for (let number = 1; this.cases.size < this.plan; number += 1) this.addMiss(`case ${number}`);
  }

  private addMiss(name: string): void {
    if (!this.cases.has(name)) this.cases.set(name, { name, status: 'MISS', metrics: [] });
  }

  private note(problem: string): void {
    if (this.problems.length < limit.problems) this.problems.push(problem);
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
