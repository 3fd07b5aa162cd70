// SPDX-License-Identifier: MIT
import type { CaseChanges, PairVerdict } from '../model/result.js';
import { cleanLine } from './text.js';

const words: readonly (readonly [keyof CaseChanges, string])[] = [
  ['newlyBroken', 'newly broken'],
  ['stillBroken', 'still broken'],
  ['mended', 'mended'],
];

// A full suite has dozens of cases, and those of a group go together.
const shownNames = 4;

/** At most four names of cases, and how many more there are. */
export function caseNames(names: readonly string[]): string {
  const more = names.length - shownNames;
  const shown = names.slice(0, shownNames).map(cleanLine).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** What a pair's patch does to the cases: `still broken: a, b`, a phrase each, the worst first. */
export function changePhrases(pair: PairVerdict): readonly string[] {
  return words.flatMap(([kind, word]) => {
    const names = pair[kind] ?? [];
    return names.length > 0 ? [`${word}: ${caseNames(names)}`] : [];
  });
}

/** The phrases that a verdict does not imply: a `fixed` pair mends, one with `no-effect` leaves broken. */
export function notablePhrases(pair: PairVerdict): readonly string[] {
  const implied = { fixed: 'mended', 'no-effect': 'still broken' }[pair.verdict as string];
  return changePhrases(pair).filter((phrase) => !phrase.startsWith(`${implied ?? '-'}:`));
}
