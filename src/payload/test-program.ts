// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import type { Finding, Path } from '../documents/positions.js';
import type { TestParameters } from '../model/job.js';
import type { CaseResult, Facts, JobResult } from '../model/result.js';
import type { ImageRecipe } from './image-recipe.js';

/** A test of a job matrix with one value of each parameter. */
export interface ExpandedParameters<P> {
  readonly parameters: P;
  /** What tells it from the others of its entry: appended to the test's name. */
  readonly suffix: string;
  /** Where the number of CPUs stands in the entry. */
  readonly cpusPath: Path;
}

/** An entry of `tests` in a job matrix, as far as it is valid. */
export type MatrixEntry = Readonly<Record<string, unknown>>;

/** What a job matrix may say of a test program. */
export interface MatrixPart<P> {
  /** The keys of an entry of `tests`, besides its name. */
  readonly keys: z.ZodRawShape;
  /** The key that says that an entry is for this program; undefined: every entry that is for no other. */
  readonly key?: string;
  /** The tests that an entry stands for; each list multiplies them. */
  expand(entry: MatrixEntry): readonly ExpandedParameters<P>[];
  /** How many they are, without making them. */
  count(entry: MatrixEntry): number;
  /** What is wrong with a valid entry; paths begin in the entry. */
  check(entry: MatrixEntry): readonly Finding[];
}

/** How many CPUs a test wants. */
export interface CpusWanted {
  readonly count: number;
  /** The machine is to have so many, and not more. */
  readonly isExact: boolean;
  /** The key of the matrix that says so. */
  readonly key: string;
  /** In words: `2 vCPUs`. */
  readonly text: string;
}

/** What a machine needs to run the test. */
export interface MachinePart<P> {
  /** Arguments of the program on the machine. `kernelFacts`: what is known of the kernel. */
  argv(parameters: P, kernelFacts: Facts): readonly string[];
  cpus(parameters: P): CpusWanted;
  image(parameters: P): ImageRecipe;
  /** What was asked for, as facts of ours: the program says the same, or something else. */
  facts(parameters: P): Facts;
  /** The wall clock that it gets where the matrix does not say; 300 s where left out, milliseconds. */
  readonly usualTestMs?: number;
}

/** What a kernel has to have for the test besides what its matrix says: it is built anew for that. */
export interface KernelPart<P> {
  /** Names of fragments that ship. */
  readonly config: readonly string[];
  /** Paths of fragments of the tree itself; those that it does not have do not count. */
  treeConfig(parameters: P): readonly string[];
}

/** What the judge has to know about the cases. */
export interface JudgingPart<P> {
  /** Names of the cases that must be reported. */
  cases(parameters: P): readonly string[];
  /** Whether the case shows that the machine can be trusted, or else who is to blame. */
  isControl(name: string): boolean;
  /** Whether every machine can run the case: a SKIP of it skips the job. */
  isNeeded(name: string): boolean;
  /** Whether the case runs whatever the test asks for. */
  runsAlways(name: string): boolean;
  /** Whether the case says by itself that the kernel does what the test is about, or does not. */
  isDecisive(name: string): boolean;
  /** Whether the promised path of the kernel was tested at all: only then the device's promises count. */
  hasRun(cases: readonly CaseResult[]): boolean;
  /** Why the kernel fails though a control does, or undefined. */
  failureOfControl(cases: readonly CaseResult[], facts: Facts): string | undefined;
  /** Whether a FAIL says enough; where it does not, the machine may be to blame. */
  isCertain(one: CaseResult, facts: Facts): boolean;
  /** What is missing before a PASS may be believed, a phrase each; empty: it is proven. */
  missingProof(cases: readonly CaseResult[], parameters: P, facts: Facts): readonly string[];
  /**
   * Whether its cases are about whatever the tree has, so that a FAIL says something beside the base only: a pair is
   * judged case by case, and neither status is expected.
   */
  readonly isRelative?: true;
}

/** A number of a job that a reader looks for first. */
export interface KeyNumber {
  /** Where there is room: `worst debt`. */
  readonly name: string;
  /** As the head of a narrow column. */
  readonly column: string;
  /** As the head of a column in a mail; undefined: it is not in there. */
  readonly inMail?: string;
  /** As text; `-` where the job has none. */
  of(job: JobResult): string;
}

/** What a failing job looks like, and what is known of kernels that look so. */
export interface Signature {
  /** One word for scripts. */
  readonly name: string;
  readonly means: string;
  /** Where in the kernel to look. */
  readonly look: string;
  readonly known?: string;
  /** The bug that is known to look so. */
  readonly bug?: KnownBug;
}

/** A bug of the kernel, by what others can find it by. */
export interface KnownBug {
  readonly subject: string;
  /** Where it was reported. */
  readonly reportUrl: string;
  /** The commit that brought it. */
  readonly introducedBy: string;
  readonly fix: string;
}

/** A metric of a case as bars, one for each device and kernel, on a logarithmic axis of milliseconds. */
export interface BarPlot {
  readonly heading: string;
  readonly caption: string;
  readonly axis: string;
  readonly case: string;
  /** A metric in microseconds. */
  readonly metric: string;
  /** The metric of the same case that bounds it, microseconds. */
  readonly bound?: string;
}

/** A share of CPU time that is allowed: the samples of cpu.stat are drawn beside it. */
export interface CpuLimit {
  readonly quotaUs: number;
  readonly periodUs: number;
}

/** What reports say of a job. */
export interface ReportingPart<P> {
  /** What the number that a case is about says; undefined where it has none. */
  describe(one: CaseResult): string | undefined;
  /** Whether the case is about the very thing that is tested: where metrics are listed, its own come first. */
  comesFirst(name: string): boolean;
  /** Where KCIDB has the test: levels with dots between. */
  readonly kcidbPath: string;
  /** The cases whose numbers stand in the reason of a PASS. */
  readonly measured: readonly string[];
  /** So many cases are named in one sentence; all where left out. */
  readonly mostNamed?: number;
  readonly keyNumbers: readonly KeyNumber[];
  /** The number that stands in an overview, and what it is of; undefined where the job has none. */
  overview(job: JobResult): string | undefined;
  signature(job: JobResult): Signature | undefined;
  /** The place in the kernel that decides about what is tested on this machine; undefined where it is not known. */
  placeInKernel(job: JobResult): string | undefined;
  /** Predicates of a kernel: `keeps the limit`. */
  readonly phrases: {
    readonly keeps: string;
    readonly keepsMany: string;
    readonly breaks: string;
    readonly breaksMany: string;
    readonly onlyOthersFail: string;
    readonly scheduler: string;
  };
  /** The limit that the samples are about. */
  cpuLimit(parameters: P): CpuLimit | undefined;
  readonly bars: readonly BarPlot[];
  /** What shows that the kernel breaks it, in a few words; empty: the names of the cases do. */
  evidence(job: JobResult): string;
}

/** All that is known about a test program. Judge, pipeline and reports know one by this interface only. */
export interface TestProgram<P extends TestParameters = TestParameters> {
  readonly name: string;
  readonly matrix: MatrixPart<P>;
  /** The parameters of one job: job.json, bundles and pages read them by this. */
  readonly parameters: z.ZodType<P>;
  /** How its results are printed; `flat` where left out. */
  readonly output?: 'flat' | 'selftests';
  readonly kernel?: KernelPart<P>;
  readonly machine: MachinePart<P>;
  readonly judging: JudgingPart<P>;
  readonly reporting: ReportingPart<P>;
}
