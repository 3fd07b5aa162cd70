// SPDX-License-Identifier: MIT
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Say } from '../model/event.js';

const periodMs = 500;

/** Does `work`, and tells twice a second how many bytes the files of a folder hold more than at its beginning. */
export async function watchGrowth<T>(
  dir: string,
  tell: (bytes: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const before = await bytesIn(dir);
  let busy = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    const grown = (await bytesIn(dir)) - before;
    busy = false;
    if (grown > 0) tell(grown);
  };
  const timer = setInterval(() => void look(), periodMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

async function bytesIn(dir: string): Promise<number> {
  const names = await readdir(dir).catch(() => []);
  const sizes = names.map((name) =>
    stat(join(dir, name)).then(
      (one) => (one.isFile() ? one.size : 0),
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** `12 MB`; decimal, as package managers count. */
export const megabytes = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`;

/** Says at once that something is fetched, and then, of as many bytes, how many are here. */
export function fetching(
  what: string,
  total: number | undefined,
  say: Say,
): (bytes: number) => void {
  const size = total === undefined ? '' : ` (${megabytes(total)})`;
  say(`fetching ${what}${size}`);
  return (bytes) => {
    if (total === undefined) say(`fetching ${what}: ${megabytes(bytes)}`);
    else say(`fetching ${what}${size}`, Math.min(bytes / total, 1));
  };
}
