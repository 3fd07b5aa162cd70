// SPDX-License-Identifier: MIT
import type { RunEvent } from '../model/event.js';
import { StepsLeft } from './steps-left.js';
import { asciiLine, clip } from './text.js';

/** Wall time as a person reads a stopwatch: `7 s`, `3:05`, `1:02:09`. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

interface Activity {
  text: string;
  fraction: number | undefined;
  readonly sinceMs: number;
  reportedFraction: number;
  reportedMs: number;
}

// Where lines cannot be replaced, long work speaks at every tenth of it, and at least twice a minute.
const stepFraction = 0.1;
const stepMs = 30_000;

/** What is going on at the moment, made of the events so far. */
export class ActivityList {
  private readonly activities = new Map<string, Activity>();
  private readonly left: StepsLeft;
  private readonly startMs: number;
  private jobs = 0;
  private ended = 0;

  constructor(private readonly nowMs: () => number) {
    this.startMs = nowMs();
    this.left = new StepsLeft(nowMs);
  }

  /** Takes an event in; true when it is worth a line of its own where there is no status line. */
  take(event: RunEvent): boolean {
    this.left.take(event);
    switch (event.kind) {
      case 'run-start':
        this.jobs = event.jobs.length;
        return true;
      case 'work-start':
        this.begin(`work ${event.work}`, event.text);
        return true;
      case 'work-progress':
        return this.advance(`work ${event.work}`, event.text, event.fraction);
      case 'work-end':
        this.activities.delete(`work ${event.work}`);
        return true;
      case 'job-start':
        this.begin(`job ${event.job}`, event.job);
        return true;
      case 'job-phase':
        this.advance(`job ${event.job}`, `${event.job}: ${event.phase}`);
        return true;
      case 'job-end':
        this.ended += 1;
        this.activities.delete(`job ${event.job}`);
        return true;
      case 'run-end':
        this.activities.clear();
        return true;
      default:
        return true;
    }
  }

  /** Time since the start of the run. */
  elapsed(): string {
    return stopwatch(this.nowMs() - this.startMs);
  }

  /** Milliseconds since work began; undefined when it does not go on. */
  since(work: string): number | undefined {
    const activity = this.activities.get(`work ${work}`);
    return activity && this.nowMs() - activity.sinceMs;
  }

  /** What is left of the run, as far as this machine has done it before: `about 2:10 left`; else empty. */
  timeLeft(): string {
    const ms = this.left.ms();
    return ms === undefined || ms < 1000 ? '' : `about ${stopwatch(ms)} left`;
  }

  /**
   * All of it in one line of at most `width` characters; empty when nothing goes on. What there is no room for is left
   * out whole, the least needed first: a number is never cut.
   */
  describe(width: number): string {
    const now = this.nowMs();
    const all = [...this.activities.entries()];
    if (all.length === 0) return '';
    const isJobs = all.some(([key]) => key.startsWith('job '));
    const head = [
      ...(isJobs ? [`${this.ended} of ${this.jobs} jobs`] : []),
      ...[this.timeLeft()].filter(Boolean),
    ].join(', ');
    const room = (used: string): number => width - used.length - (used === '' ? 0 : 3);
    const join = (line: string, more: string): string => (line === '' ? more : `${line} | ${more}`);
    let line = head;
    for (const [at, [, { text, fraction, sinceMs }]] of all.entries()) {
      const percent = fraction === undefined ? '' : ` ${Math.floor(fraction * 100)} %`;
      const numbers = `${percent} (${stopwatch(now - sinceMs)})`;
      const more = all.length - at;
      const form = forms(asciiLine(text)).find((one) => one.length + numbers.length <= room(line));
      if (form !== undefined) line = join(line, `${form}${numbers}`);
      else if (at > 0 || isJobs) return withRest(line, more, width);
      else line = join(line, `${clip(asciiLine(text), room(line) - numbers.length)}${numbers}`);
    }
    return clip(line, width);
  }

  private begin(key: string, text: string): void {
    const now = this.nowMs();
    this.activities.set(key, {
      text,
      fraction: undefined,
      sinceMs: now,
      reportedFraction: 0,
      reportedMs: now,
    });
  }

  private advance(key: string, text: string, fraction?: number): boolean {
    if (!this.activities.has(key)) this.begin(key, text);
    const activity = this.activities.get(key);
    if (!activity) return false;
    activity.text = text;
    activity.fraction = fraction;
    const now = this.nowMs();
    const isStep =
      (fraction ?? 0) - activity.reportedFraction >= stepFraction ||
      now - activity.reportedMs >= stepMs;
    if (isStep) {
      activity.reportedFraction = fraction ?? 0;
      activity.reportedMs = now;
    }
    return isStep;
  }
}

/** A text, and it without its last parts: `building a: compiling x.o`, `building a`. */
function forms(text: string): readonly string[] {
  const parts = text.split(': ');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join(': '));
}

/** `2 more` where there is room for it. */
function withRest(line: string, count: number, width: number): string {
  const longer = line === '' ? `${count} at once` : `${line} | ${count} more`;
  return longer.length <= width ? longer : clip(line, width);
}
