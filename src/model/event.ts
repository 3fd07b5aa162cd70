// SPDX-License-Identifier: MIT
import type { JobResult, Phase, RunResult } from './result.js';

/** Everything that a screen needs to know while a run goes on. */
export type RunEvent =
  | {
      readonly kind: 'run-start';
      readonly run: string;
      readonly dir: string;
      readonly jobs: readonly string[];
    }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'work-start'; readonly work: string; readonly text: string }
  /** `fraction` 0 to 1 where it is known. */
  | {
      readonly kind: 'work-progress';
      readonly work: string;
      readonly text: string;
      readonly fraction?: number;
    }
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

/** Where events go. Never throws. */
export type EventSink = (event: RunEvent) => void;
