// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { updateIndex } from '../history/run-index.js';
import { exitCode } from '../model/errors.js';
import { compareWithPast } from '../pipeline/history.js';
import { readRun } from '../pipeline/run-folder.js';
import { renderComparison } from '../reports/comparison-text.js';
import { runFolder } from './arguments.js';

/** `busyguest compare RUN_A RUN_B`: exit code 1 when B has failures that A has not. */
export async function compare(
  pathA: string,
  pathB: string,
  options: { readonly json: boolean },
): Promise<number> {
  const dirB = await runFolder(pathB);
  const [a, b] = [await readRun(await runFolder(pathA)), await readRun(dirB)];
  const found = compareWithPast(a, b, await updateIndex(resolve(dirB, '..')));
  const text = options.json ? JSON.stringify(found, undefined, 2) : renderComparison(found);
  process.stdout.write(`${text}\n`);
  return found.newFailures.length > 0 ? exitCode.unexpected : exitCode.ok;
}
