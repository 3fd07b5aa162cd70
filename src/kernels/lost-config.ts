// SPDX-License-Identifier: MIT
import type { Architecture } from '../architectures/architecture.js';
import { closest, distance } from 'fastest-levenshtein';
import type { Problem } from '../model/errors.js';
import { settings, type Setting, type Wanted } from './fragment.js';
import type { Kconfig } from './kconfig.js';
import { lacks, readConfig } from './packages/config-check.js';

/** Letters that a misspelt symbol may differ by. */
const misspelling = 3;

/** A line of a fragment, and whether the fragment is one that ships. */
export interface Line extends Wanted {
  readonly file: string;
  readonly ships: boolean;
}

/** What became of the lines of fragments that a finished .config does not have. */
export interface Outcome {
  /** What is there in place of what was asked for: `CONFIG_SYSCTL=y for CONFIG_PROC_SYSCTL=y`. */
  readonly instead: readonly string[];
  /** What the kernel goes without: `CONFIG_X: wanted y, is gone`. */
  readonly lost: readonly string[];
  readonly problems: readonly Problem[];
}

const isSet = (has: ReadonlyMap<string, string>, { name, value }: Setting): boolean =>
  (has.get(name) ?? 'n') === value;

/** The lines that a finished .config does not have. */
export const unmet = <T extends Setting>(lines: readonly T[], finished: string): T[] => {
  const has = settings(finished);
  return lines.filter((line) => !isSet(has, line));
};

/** The symbols of a .config or fragment that a finished .config does not have: `CONFIG_X: wanted y, is n`. */
export function lostSymbols(wanted: string, finished: string): string[] {
  const has = settings(finished);
  const lines = [...settings(wanted)].map(([name, value]) => ({ name, value }));
  return unmet(lines, finished).map(
    ({ name, value }) => `${name}: wanted ${value}, is ${has.get(name) ?? 'n'}`,
  );
}

/**
 * Tells what of the lines was not obtained, and whether the kernel will do without it. Kernels change their symbols: a
 * shipped fragment goes without one that is gone, or that the tree now decides itself, unless the test needs it. In a
 * user's own fragment the same may be a typing mistake, so there it is an error, unless the line says `# or nothing`.
 * A symbol that could be set and is not is an error in both.
 */
export function outcome(
  lines: readonly Line[],
  finished: string,
  kconfig: Kconfig,
  architecture: Architecture,
): Outcome {
  const has = settings(finished);
  const missing = lacks(readConfig(finished), { architecture, modules: false });
  const instead: string[] = [];
  const lost: string[] = [];
  const problems: Problem[] = [];
  for (const line of unmet(lines, finished)) {
    const { name, value } = line;
    const other = line.or.find((setting) => isSet(has, setting));
    if (other !== undefined) {
      instead.push(`${other.name}=${other.value} for ${name}=${value}`);
      continue;
    }
    const symbol = name.replace('CONFIG_', '');
    const known = kconfig.get(symbol);
    const is = known === undefined ? 'gone' : (has.get(name) ?? 'n');
    const what = `${name}: wanted ${value}, is ${is}`;
    const lack = missing.find(({ symbols }) => symbols.includes(symbol));
    if (lack !== undefined) {
      problems.push({ message: what, hint: `the test needs ${lack.text}; ${why(line, known)}` });
    } else if (line.orNothing || (line.ships && !known?.prompt)) lost.push(what);
    else {
      const guess = known === undefined ? didYouMean(symbol, kconfig) : '';
      problems.push({ message: what, hint: `${why(line, known)}${guess}` });
    }
  }
  return { instead, lost, problems };
}

function didYouMean(symbol: string, kconfig: Kconfig): string {
  const close = closest(symbol, [...kconfig.keys()]);
  return distance(symbol, close) <= misspelling ? `; did you mean CONFIG_${close}?` : '';
}

/** Why Kconfig does not give what a line asks for. */
function why({ file, or }: Line, known: ReturnType<Kconfig['get']>): string {
  const nor = or.map(({ name, value }) => `${name}=${value}`).join(', ');
  const asks = `${file} asks for it${nor === '' ? '' : ` or ${nor}`}`;
  if (known === undefined) {
    return `${asks}, and this tree's Kconfig has no such symbol: renamed, gone or misspelt ("# or CONFIG_OTHER" names another, "# or nothing" goes without)`;
  }
  if (!known.prompt)
    return `${asks}, but it has no prompt: other symbols and defaults decide its value`;
  const needs = known.needs.length === 0 ? '' : `: it needs ${known.needs.join(', ')}`;
  return `${asks}, but this tree's Kconfig does not allow it${needs}`;
}
