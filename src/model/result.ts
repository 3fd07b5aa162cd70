// SPDX-License-Identifier: MIT
import type { Pattern } from './job.js';
import type { Status, Verdict } from './status.js';

/** A number with its unit. Units: us, s, ratio, count, ms/s. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** One reading of cpu.stat. Times in microseconds of the machine's time since the window opened. */
export interface Sample {
  readonly phase: string;
  readonly tUs: number;
  readonly usageUs: number;
  readonly periods: number;
  readonly throttled: number;
  readonly throttledUs: number;
  /** cfs_rq->runtime_remaining in ns, where it was traced. */
  readonly runtimeRemainingNs?: number;
}

/** One KTAP result line of the payload, or one that the plan promised and that never came (MISS). */
export interface CaseResult {
  readonly name: string;
  readonly status: Status;
  readonly reason?: string;
  readonly metrics: readonly Metric[];
}

/** From the result before (of the first: from the test's first line) to the result of a case. */
export interface CaseTime {
  /** On this computer's clock, milliseconds. */
  readonly wallMs: number;
  /** On the machine's own, microseconds, where the payload says it. */
  readonly machineUs?: number;
}

/** What a machine is doing. */
export const phases = ['firmware', 'boot', 'test', 'shutdown'] as const;
export type Phase = (typeof phases)[number];

/** What the console shows went wrong with the kernel. */
export interface Fault {
  /** Name of the pattern in src/console/faults.ts: `oops`, `panic`, `rcu-stall`, ... */
  readonly class: string;
  /** The log line without timestamps, addresses and other things that differ between runs. */
  readonly title: string;
  readonly phase: Phase;
  /** Log lines around it, as they came. */
  readonly lines: readonly string[];
}

/** Why a machine's console ended. `done`: the payload's last line was seen and the machine was stopped. */
export type ExitReason = 'done' | 'poweroff' | 'reset' | 'deadline' | 'lost' | 'interrupted';

/** What the judge said of a job, in a form that reports can show. */
export interface Judgement {
  readonly status: Status;
  /** One line: why this status. */
  readonly reason: string;
  /** What decided: needed for the verdict and the exit code. */
  readonly decidedBy:
    | 'cases'
    | 'fault'
    | 'scheduler'
    | 'control'
    | 'proof'
    | 'device'
    | 'build'
    | 'input'
    | 'machine'
    | 'infrastructure'
    | 'interrupted';
}

/** Text by name. Whose it is says the field that it stands in: no name of one stands for another's. */
export type Facts = Readonly<Record<string, string>>;

/** The facts by which a test program says which path of the kernel it ran on (guest-images/busy-guest/facts.c). */
export const pathFacts = ['platform', 'mmu', 'cpu', 'nested_api', 'kvm'] as const;
export type PathFact = (typeof pathFacts)[number];

/** What a device promises of them: the path that it is there to test. */
export type Promised = Readonly<Partial<Record<PathFact, Pattern>>>;

/** A finished job as results.json carries it (docs/results.md). */
export interface JobResult extends Judgement {
  readonly name: string;
  readonly kernel: string;
  readonly device: string;
  readonly test: string;
  /** Name of the test program; busy-guest where it is left out. */
  readonly program?: string;
  readonly expect: Status;
  readonly asExpected: boolean;
  readonly cases: readonly CaseResult[];
  readonly faults: readonly Fault[];
  /** What busyguest knows by itself: the kernel that it built or unpacked, the test that it asked for, the inputs. */
  readonly facts: Facts;
  /** What the device says of itself: QEMU's version and argv, the lab's names. Absent where nothing was booted. */
  readonly deviceFacts?: Facts;
  /** What the payload says, which is what the kernel under test lets it say. Absent where nothing was booted. */
  readonly payloadFacts?: Facts;
  /** Wall times, milliseconds: build, image, boot (with firmware), test, judge. Never compared between runs. */
  readonly timesMs: Readonly<Record<string, number>>;
  /** How long the cases took that were watched, by their names. Never compared between runs. */
  readonly caseTimes?: Readonly<Record<string, CaseTime>>;
  /** The result of an earlier run with the same inputs was taken. */
  readonly reused: boolean;
}

/** What a patched kernel changes, by names of test cases in the payload's order. */
export interface CaseChanges {
  /** FAIL on both. */
  readonly stillBroken: readonly string[];
  /** FAIL on the base, PASS on the patched one. */
  readonly mended: readonly string[];
  /** PASS on the base, FAIL on the patched one. */
  readonly newlyBroken: readonly string[];
}

/** The verdict on one base/patched pair on one device. The changes are absent in runs of versions before they were kept. */
export interface PairVerdict extends Partial<CaseChanges> {
  readonly base: string;
  readonly patched: string;
  readonly device: string;
  readonly test: string;
  readonly verdict: Verdict;
}

/** results/<run>/results.json. `schema` goes up when a field changes its meaning. */
export interface RunResult {
  readonly schema: 2;
  readonly run: string;
  readonly startedAt: string;
  /** busyguest's version, which judged it. Absent in runs from before 0.2.0. */
  readonly version?: string;
  readonly matrix: string;
  readonly verdicts: readonly PairVerdict[];
  /** The one verdict over all pairs; `none` where the matrix compares nothing. */
  readonly overall: Verdict | 'none';
  readonly jobs: readonly JobResult[];
  readonly interrupted: boolean;
}
