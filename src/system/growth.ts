// SPDX-License-Identifier: MIT
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

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
