// SPDX-License-Identifier: MIT
import type { CaseTime } from '../model/result.js';
import { classify } from './line-type.js';
import { selftestName } from './selftest-body.js';

/** More cases than any test has: a machine that prints without end fills no memory. */
const mostCases = 1000;
const payloadClock = /^# clock: (\d{1,15}) us$/;
const kernelStamp = /^\[ *(\d{1,9})\.(\d{6})\]/;

/** Times the cases of a test by when their results come, line by line. Never throws. */
export class CaseClock {
  private readonly found = new Map<string, CaseTime>();
  /** Results within a test whose own result has not come, as kselftest's runner nests them. */
  private nested: [name: string, time: CaseTime][] = [];
  private sinceMs: number | undefined;
  private clockUs: number | undefined;
  private sinceUs: number | undefined;

  /** Takes a line of the console. @param nowMs this computer's clock */
  line(text: string, nowMs: number): void {
    if (this.sinceMs === undefined) {
      this.awaitTest(text, nowMs);
      return;
    }
    const clock = payloadClock.exec(text)?.[1];
    if (clock !== undefined) this.clockUs = Number(clock);
    if (!text.includes('ok ')) return;
    const line = classify(text);
    if (line.kind !== 'result' || line.torn || line.name === '') return;
    const time = this.next(nowMs);
    if (line.column > 0) {
      if (this.nested.length < mostCases) this.nested.push([line.name, time]);
      return;
    }
    const name = selftestName(line.name);
    for (const [own, ownTime] of this.nested) this.keep(`${name}/${own}`, ownTime);
    this.nested = [];
    this.keep(name, time);
  }

  /** What the cases took, by their names; of several with one name the first. */
  times(): Readonly<Record<string, CaseTime>> {
    return Object.fromEntries(this.found);
  }

  /** What the kernel said last before the test is the begin on the machine's clock. */
  private awaitTest(text: string, nowMs: number): void {
    const [, seconds, us] = kernelStamp.exec(text) ?? [];
    if (seconds !== undefined) this.sinceUs = Number(seconds) * 1e6 + Number(us);
    if (text.startsWith('BUSYGUEST-START')) this.sinceMs = nowMs;
  }

  private next(nowMs: number): CaseTime {
    const wallMs = Math.round(nowMs - (this.sinceMs ?? nowMs));
    const { clockUs, sinceUs } = this;
    this.sinceMs = nowMs;
    this.sinceUs = clockUs ?? sinceUs;
    this.clockUs = undefined;
    const isTold = clockUs !== undefined && sinceUs !== undefined && clockUs >= sinceUs;
    return { wallMs, ...(isTold && { machineUs: clockUs - sinceUs }) };
  }

  private keep(name: string, time: CaseTime): void {
    if (this.found.size < mostCases && !this.found.has(name)) this.found.set(name, time);
  }
}
