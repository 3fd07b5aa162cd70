// SPDX-License-Identifier: MIT
import type { Row } from './figures.js';

/** What a benchmark is given. */
export interface Bench {
  /** How often each thing is measured. */
  readonly times: number;
  /** A folder for its files, which goes afterwards. */
  readonly dir: string;
  /** Another checkout of busyguest, compiled, that takes turns with this one. */
  readonly beside?: string;
  readonly signal: AbortSignal;
  /** Tells the user what is being done. */
  readonly say: (text: string) => void;
}

/** Measures, and gives the rows of the table. */
export type Benchmark = (bench: Bench) => Promise<Row[]>;
