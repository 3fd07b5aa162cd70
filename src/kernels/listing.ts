// SPDX-License-Identifier: MIT
import { run } from '../system/processes.js';
import type { Changes } from './pinned-source.js';

/** What is known of each file and link of a tree, by its path. */
export type Listing<T = string> = ReadonlyMap<string, T>;

/**
 * Files and links of a folder, in the order in which find comes to them. Throws InfraError, InterruptedError.
 * @param which find's expression for them
 * @param what find's -printf format of what is to be known
 */
export async function listFiles(
  dir: string,
  which: readonly string[],
  what: string,
  options: { readonly stage: string; readonly signal: AbortSignal },
): Promise<Map<string, string>> {
  const argv = ['find', '.', ...which, '-printf', `%P\\0${what}\\0`];
  const { stdout } = await run(argv, { ...options, cwd: dir });
  return listingOf(stdout);
}

/** A listing as listingText wrote it. */
export function listingOf(text: string): Map<string, string> {
  const parts = text.split('\0');
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2) found.set(parts[at] ?? '', parts[at + 1] ?? '');
  return found;
}

/** A listing as text, for a file or to be compared. */
export const listingText = (listing: Listing): string =>
  [...listing].map(([path, known]) => `${path}\0${known}\0`).join('');

/** What differs from one listing to another. */
export function changesOfListings<T>(
  was: Listing<T>,
  is: Listing<T>,
  isSame = (one: T | undefined, other: T | undefined): boolean => one === other,
): Changes {
  const paths = [...new Set([...was.keys(), ...is.keys()])].filter(
    (path) => !isSame(was.get(path), is.get(path)),
  );
  return { paths, added: paths.filter((path) => !was.has(path)) };
}
