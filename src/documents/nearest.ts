// SPDX-License-Identifier: MIT
import { distance } from 'fastest-levenshtein';

/** The longest word that is compared; anything longer is no typing mistake. */
const longestWord = 100;
/** Share of the longer word that may differ: enough for `quota-us` where the user wrote `quota`. */
const tolerance = 0.4;
/** Two swapped letters, as in FIAL, are two edits; in a word of three they would be nearly all of it. */
const swap = (word: string): number => (word.length > 3 ? 2 : 1);
/** How many valid words a hint lists. */
const listed = 20;

/** The candidate that `word` was probably meant to be (case does not count), or undefined when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > longestWord) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const edits = distance(lower, candidate.toLowerCase());
    const allowed = Math.max(swap(word), tolerance * Math.max(word.length, candidate.length));
    // Of equals the last: tables end with the newest device.
    if (edits > allowed || edits > bestDistance) continue;
    best = candidate;
    bestDistance = edits;
  }
  return best;
}

/** A hint for a word that is not among the candidates: the nearest one, else all of them. */
export function hintFor(word: string, candidates: readonly string[]): string {
  const close = nearest(word, candidates);
  if (close !== undefined) return `did you mean "${close}"?`;
  if (candidates.length === 0) return 'there are none';
  const more = candidates.length > listed ? ', ...' : '';
  return `valid: ${candidates.slice(0, listed).join(', ')}${more}`;
}
