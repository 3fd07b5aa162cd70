// SPDX-License-Identifier: MIT
import type { RunEvent } from '../model/event.js';
import { asciiLine } from './text.js';

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
  private readonly startMs: number;

  constructor(private readonly nowMs: () => number) {
    this.startMs = nowMs();
  }

  /** Takes an event in; true when it is worth a line of its own where there is no status line. */
  take(event: RunEvent): boolean {
    switch (event.kind) {
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

  /** All of it in one line, each with the time since it began; empty when nothing goes on. */
  describe(): string {
    const now = this.nowMs();
    return [...this.activities.values()]
      .map(({ text, fraction, sinceMs }) => {
        const percent = fraction === undefined ? '' : ` ${Math.floor(fraction * 100)} %`;
        return `${asciiLine(text)}${percent} (${stopwatch(now - sinceMs)})`;
      })
      .join(' | ');
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
