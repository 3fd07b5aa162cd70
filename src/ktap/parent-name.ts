// SPDX-License-Identifier: MIT
import type { Level } from './case-tree.js';

/** A parent's name whose level has not begun yet. */
export interface ParentName {
  readonly name: string;
  readonly column: number;
  /** From `# Subtest:`, which promises subtests; kselftest's runner names every test. */
  readonly hasSubtests: boolean;
}

/** ksft's header before a test's own output, in kselftest/runner.sh. */
export const selftestHeader = /^selftests: \S+: \S+$/;

export function nameLevel(level: Level, header: ParentName): void {
  level.parent = header.name;
  level.namedInside = header.column === level.column;
  level.hasHeader = true;
}

/** Whether a header and a result can be of one test. The runner's shell squeezes blanks in names. */
export function sameName(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  return one.replace(/\s+/g, ' ') === other.replace(/\s+/g, ' ');
}
