// SPDX-License-Identifier: MIT
import type { JobResult, Phase, RunResult } from './result.js';

/** Something that a run has still to do. */
export interface Step {
  /** Of a build its `work`, of a job its name. */
  readonly id: string;
  readonly kind: 'work' | 'job';
  /** The same for what takes about as long on this machine. */
  readonly key: string;
  /** Wall time that it took here the last time; undefined: it was never done. */
  readonly pastMs?: number;
}

/** Everything that a screen needs to know during a run. */
export type RunEvent =
  | {
      readonly kind: 'run-start';
      readonly run: string;
      readonly dir: string;
      readonly jobs: readonly string[];
    }
  | { readonly kind: 'note'; readonly text: string }
  /** What is left to be done, as soon as that is known; `parallel` jobs at once. */
  | { readonly kind: 'steps'; readonly steps: readonly Step[]; readonly parallel: number }
  | { readonly kind: 'work-start'; readonly work: string; readonly text: string }
  /** `fraction` 0 to 1 where it is known. */
  | {
      readonly kind: 'work-progress';
      readonly work: string;
      readonly text: string;
      readonly fraction?: number;
    }
  /** `text` says what is there now. */
  | {
      readonly kind: 'work-end';
      readonly work: string;
      readonly text: string;
      readonly ok: boolean;
    }
  | { readonly kind: 'job-start'; readonly job: string }
  | { readonly kind: 'job-phase'; readonly job: string; readonly phase: Phase }
  | { readonly kind: 'console'; readonly job: string; readonly line: string }
  | { readonly kind: 'job-end'; readonly job: string; readonly result: JobResult }
  | { readonly kind: 'run-end'; readonly result: RunResult };

/** Progress of long work, one line; `fraction` 0 to 1 where it is known. */
export type Say = (text: string, fraction?: number) => void;

/** Where events go. Never throws. */
export type EventSink = (event: RunEvent) => void;
