// SPDX-License-Identifier: MIT
import { clip } from '../text.js';

/** The most that a page takes of things whose number or size the machine under test decides. */
export const limit = {
  cases: 60,
  metricsOfCase: 40,
  facts: 80,
  faults: 8,
  faultLines: 40,
  lineChars: 300,
  reasonChars: 600,
  factChars: 8000,
  nameChars: 120,
  tailLines: 25,
  rawFiles: 30,
  /** Console text of a whole page, characters; divided among the jobs that have some. */
  consoleChars: 1_000_000,
  kernelsInPlot: 6,
  pointsInPlot: 120,
  devicesInPlot: 24,
} as const;

/** The first of a list, and how many are left out. */
export function firstOf<T>(
  list: readonly T[],
  most: number,
): { first: readonly T[]; rest: number } {
  return { first: list.slice(0, most), rest: Math.max(0, list.length - most) };
}

/** Console lines cut to what a page bears. @param chars for all of them together */
export function excerpt(lines: readonly string[], most: number, chars: number): string {
  // Cut before anything reads them: one line may have megabytes.
  const kept = lines.slice(0, most).map((line) => clip(line, limit.lineChars));
  const rest = lines.length - kept.length;
  return clip([...kept, ...(rest > 0 ? [`[${rest} more lines]`] : [])].join('\n'), chars);
}

/** A name or a word from outside, short enough for a heading. */
export function shortName(text: string): string {
  return clip(text, limit.nameChars);
}
