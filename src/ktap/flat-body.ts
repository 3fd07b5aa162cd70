// SPDX-License-Identifier: MIT
import type { CaseResult, Metric, Sample } from '../model/result.js';
import type { Body, BodyResult, PayloadOptions } from './body.js';
import { classify, findPrintk, type ResultLine } from './line-type.js';
import { readRemark } from './remark.js';
import { outcomeOf } from './result-status.js';

const limit = {
  cases: 1000,
  metrics: 1000,
  facts: 1000,
  samples: 200_000,
  plan: 1000,
};

/** Behind what somebody else printed without an end of line, or as part of a longer line. */
const notOkInside = /not ok(?:\s+\d+)?(?:\s+-)?\s+(\w+)/;

/** Reads flat KTAP with the payload's remarks. Diagnostics before a result belong to that result. */
export class FlatBody implements Body {
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

  /** @param note hears what is wrong with the output */
  constructor(
    private readonly options: PayloadOptions,
    private readonly note: (problem: string) => void,
  ) {}

  end(): BodyResult {
    if (this.metrics.length > 0) this.note('metrics without a result line after them');
    this.addMissing();
    return {
      ...(this.bailOut === undefined ? {} : { bailOut: this.bailOut }),
      cases: [...this.cases.values()].map((one) => this.doubt(one)),
      facts: Object.fromEntries(this.facts),
      samples: this.samples,
    };
  }

  takeLine(text: string, terminated: boolean): void {
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
}
