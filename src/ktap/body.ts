// SPDX-License-Identifier: MIT
import type { CaseResult, Sample } from '../model/result.js';

/** How the results of a program in the machine are printed: one level of KTAP, or as kselftest's runner does. */
export type OutputFormat = 'flat' | 'selftests';

export interface PayloadOptions {
  /** Names of the cases that the payload must report; those that it does not are MISS. */
  readonly expectedCases?: readonly string[];
  /** What the first and the last line must say, where init was told; 16 hexadecimal digits. */
  readonly bootId?: string | undefined;
  /** `flat` where left out. */
  readonly format?: OutputFormat | undefined;
}

/** What stood between the marks. */
export interface BodyResult {
  /** Reason of a `Bail out!`. */
  readonly bailOut?: string;
  /** In the order of their results, then those never reported (MISS) in the order expected. */
  readonly cases: readonly CaseResult[];
  readonly facts: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

/** Reads what stands between the marks, line by line. Never throws; memory is bounded. */
export interface Body {
  /** Takes one line without its newline. `terminated: false`: the console ends within it. */
  takeLine(text: string, terminated: boolean): void;
  /** Call once. */
  end(): BodyResult;
}
