// SPDX-License-Identifier: MIT
import type { LabJob, LavaServer } from './server.js';

/** The most jobs that one request asks for: a URL has an end. */
const jobsARequest = 100;

type Listener = (outcome: LabJob | Error) => void;

/** Follows the states of many jobs: one request for all of them, at a pace that their number sets. */
export class JobStates {
  private readonly heard = new Map<number, LabJob>();
  private readonly listeners = new Map<number, Set<Listener>>();
  private looking = false;

  /** @param paceMs pause between two looks at few jobs; each job adds a twentieth of it */
  constructor(
    private readonly server: LavaServer,
    private readonly paceMs = 1000,
  ) {}

  /** What was last heard of a job. */
  last(id: number): LabJob | undefined {
    return this.heard.get(id);
  }

  /** The next news of a job, whether its state is another or not. Rejects as a request does, or when the signal fires. */
  next(id: number, signal: AbortSignal): Promise<LabJob> {
    return new Promise((resolve, reject) => {
      const listeners = this.listeners.get(id) ?? new Set<Listener>();
      this.listeners.set(id, listeners);
      const listener: Listener = (outcome) => {
        signal.removeEventListener('abort', onAbort);
        listeners.delete(listener);
        if (listeners.size === 0) this.listeners.delete(id);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const onAbort = (): void => listener(new Error('aborted'));
      listeners.add(listener);
      if (signal.aborted) onAbort();
      else {
        signal.addEventListener('abort', onAbort, { once: true });
        void this.look();
      }
    });
  }

  /** Nobody asks for that job any more. */
  forget(id: number): void {
    this.heard.delete(id);
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      while (this.listeners.size > 0) {
        const ids = [...this.listeners.keys()];
        await this.server.rest.pause(this.paceMs * (1 + Math.min(ids.length, 100) / 20));
        for (let from = 0; from < ids.length; from += jobsARequest) {
          await this.ask(ids.slice(from, from + jobsARequest));
        }
      }
    } catch (error) {
      for (const id of [...this.listeners.keys()]) this.tell(id, error as Error);
    } finally {
      this.looking = false;
    }
  }

  private async ask(ids: readonly number[]): Promise<void> {
    for (const job of await this.server.jobs(ids)) {
      this.heard.set(job.id, job);
      this.tell(job.id, job);
    }
  }

  private tell(id: number, outcome: LabJob | Error): void {
    for (const listener of [...(this.listeners.get(id) ?? [])]) listener(outcome);
  }
}
