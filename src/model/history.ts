// SPDX-License-Identifier: MIT
import type { JobResult, RunResult } from './result.js';
import type { Status, Verdict } from './status.js';

/** Runs whose metrics the index keeps and plots. */
export const trendRuns = 100;

/** A job of a past run, without what only its own report needs. */
export interface JobSummary extends Pick<
  JobResult,
  'name' | 'kernel' | 'device' | 'test' | 'status' | 'asExpected' | 'decidedBy' | 'reused'
> {
  /** Fact `inputs_key`: equal for jobs with identical inputs. */
  readonly inputsKey?: string;
  /** Values by `<case>.<metric>`; units are in RunIndex. Empty in runs before the last `trendRuns`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A past run. */
export interface RunSummary {
  /** Name of its folder under results/. */
  readonly dir: string;
  readonly run: string;
  readonly startedAt: string;
  readonly matrix: string;
  readonly overall: Verdict | 'none';
  readonly interrupted: boolean;
  /** What it found out, in one sentence. */
  readonly headline: string;
  /** Which kernels: versions or commits, and what was patched. */
  readonly tested: string;
  /** What it is about, without versions: only runs of equal subjects are compared. */
  readonly subject: string;
  readonly jobs: readonly JobSummary[];
}

/** Jobs with identical inputs that passed in some runs and failed in others. */
export interface FlakyJob {
  readonly job: string;
  readonly device: string;
  readonly test: string;
  readonly inputsKey: string;
  readonly passed: number;
  readonly failed: number;
  /** Runs in which it passed or failed, oldest first. */
  readonly runs: readonly string[];
}

/** Every run under results/, oldest first. */
export interface RunIndex {
  readonly runs: readonly RunSummary[];
  /** Units by `<case>.<metric>`. */
  readonly units: Readonly<Record<string, string>>;
  readonly flaky: readonly FlakyJob[];
  /** Folders that have a report.html. */
  readonly withReport: readonly string[];
  /** Folders whose results.json cannot be read, with the reason. */
  readonly unreadable: readonly { readonly dir: string; readonly reason: string }[];
}

/** A job in two runs, the status of each. */
export interface JobChange {
  readonly job: string;
  readonly before: Status;
  readonly after: Status;
  /** Reason of the later run. */
  readonly reason: string;
}

/** A metric outside what earlier runs of identical inputs gave. */
export interface MetricChange {
  readonly job: string;
  /** `<case>.<metric>` */
  readonly metric: string;
  readonly unit: string;
  readonly before: number;
  readonly after: number;
  /** `spread`: outside [min - range, max + range] of the past values; `changed`: only one past value, and this differs. */
  readonly rule: 'spread' | 'changed';
  readonly past: { readonly count: number; readonly min: number; readonly max: number };
}

/** A kernel of two runs that is another version or commit in the later one. */
export interface KernelChange {
  readonly kernel: string;
  readonly before: string;
  readonly after: string;
}

/** What changed from run `a` to run `b`; also the file comparison.json of run `b`. */
export interface RunComparison {
  readonly a: string;
  readonly b: string;
  /** The change in one sentence. Absent in files of versions before it was kept, as the two below. */
  readonly headline?: string;
  readonly kernels?: readonly KernelChange[];
  /** The command that finds what made a job fail, or else what mended one, ready to paste. */
  readonly bisect?: string;
  readonly newFailures: readonly JobChange[];
  readonly fixed: readonly JobChange[];
  readonly stillFailing: readonly JobChange[];
  /** As expected in both, with another status. */
  readonly otherStatus: readonly JobChange[];
  readonly newJobs: readonly string[];
  readonly vanishedJobs: readonly string[];
  readonly metrics: readonly MetricChange[];
  readonly flaky: readonly FlakyJob[];
}

/** What a night brought that the nights before had not. */
export interface News {
  readonly newFailures: readonly JobChange[];
  readonly fixed: readonly JobChange[];
  /** Jobs that passed and failed with identical inputs, and had not before. */
  readonly flaky: readonly FlakyJob[];
  readonly metrics: readonly MetricChange[];
}

/** A run without results.json: it is still running, or was killed. */
export interface OpenRun {
  /** Name of its folder under results/. */
  readonly dir: string;
  /** Its process lives. */
  readonly running: boolean;
  /** Jobs that it will have, where its folder says so. */
  readonly planned?: number;
  /** What there is so far: the finished jobs, no verdicts. */
  readonly result: RunResult;
}
