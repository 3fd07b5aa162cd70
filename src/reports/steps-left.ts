// SPDX-License-Identifier: MIT
import type { RunEvent, Step } from '../model/event.js';

/** Below this part of work, its own pace says little. */
const leastFraction = 0.1;

/** How long a run will still take: from what its steps took on this machine the last time, and from their own pace. */
export class StepsLeft {
  private readonly steps = new Map<string, Step>();
  private readonly begun = new Map<string, number>();
  private readonly fractions = new Map<string, number>();
  private parallel = 1;

  constructor(private readonly nowMs: () => number) {}

  /** Takes an event in. */
  take(event: RunEvent): void {
    switch (event.kind) {
      case 'steps':
        this.parallel = event.parallel;
        for (const step of event.steps) this.steps.set(step.id, step);
        return;
      case 'work-start':
        this.begun.set(event.work, this.nowMs());
        return;
      case 'job-start':
        this.begun.set(event.job, this.nowMs());
        return;
      case 'work-progress':
        if (event.fraction !== undefined) this.fractions.set(event.work, event.fraction);
        return;
      case 'work-end':
        this.steps.delete(event.work);
        return;
      case 'job-end':
        this.steps.delete(event.job);
        return;
      default:
    }
  }

  /** Milliseconds; undefined where a step was never done here, or takes longer than the last time. */
  ms(): number | undefined {
    let work = 0;
    let jobs = 0;
    for (const step of this.steps.values()) {
      const left = this.leftOf(step);
      if (left === undefined) return undefined;
      if (step.kind === 'work') work += left;
      else jobs += left;
    }
    return this.steps.size === 0 ? undefined : work + jobs / this.parallel;
  }

  private leftOf({ id, pastMs }: Step): number | undefined {
    const since = this.begun.get(id);
    if (since === undefined) return pastMs;
    const elapsed = this.nowMs() - since;
    const fraction = this.fractions.get(id) ?? 0;
    if (fraction >= leastFraction) return (elapsed * (1 - fraction)) / fraction;
    return pastMs === undefined || elapsed > pastMs ? undefined : pastMs - elapsed;
  }
}
