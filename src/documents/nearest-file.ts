// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { nearest } from './nearest.js';

/** `did you mean "jobs/smoke.yaml"?` for a path at which nothing is; undefined where nothing near it has such a name. */
export async function nearestFileHint(path: string): Promise<string | undefined> {
  const folder = dirname(path);
  const names = await readdir(folder).catch((): string[] => []);
  const close = nearest(basename(path), names);
  if (close === undefined) return undefined;
  const meant = folder === '.' && !path.startsWith('./') ? close : join(folder, close);
  return `did you mean ${JSON.stringify(meant)}?`;
}

/** What is wrong, with that hint where there is one. */
export async function withNearestFile(path: string, message: string): Promise<string> {
  const hint = await nearestFileHint(path);
  return hint === undefined ? message : `${message}; ${hint}`;
}
