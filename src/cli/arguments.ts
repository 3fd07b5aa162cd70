// SPDX-License-Identifier: MIT
import { realpath } from 'node:fs/promises';
import { nearestFileHint } from '../documents/nearest-file.js';
import { UsageError } from '../model/errors.js';
import { isFolder } from '../system/files.js';

/** The folder of a run as the user named it, links resolved. Throws UsageError when it is none. */
export async function runFolder(path: string): Promise<string> {
  const dir = await realpath(path).catch(() => path);
  if (!(await isFolder(dir))) {
    const hint =
      (await nearestFileHint(path)) ?? 'the folder of one is needed, such as results/latest';
    throw new UsageError(`${path}: no such run; ${hint}`);
  }
  return dir;
}

/** A whole number of an option, `least` or more. Throws UsageError. */
export function wholeNumber(option: string, text: string, least: number, most = 1e9): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${option} ${text}: a number from ${least} to ${most} is needed`);
}
