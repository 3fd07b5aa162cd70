// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { qualify as qualifyMatrix } from '../jobs/generators/qualify.js';
import { UsageError } from '../model/errors.js';
import { exists } from '../system/files.js';
import { exitCodeOf } from '../verdict/exit.js';
import { begin, execute, type RunFlags } from './execute.js';
import { showRun } from './show.js';

interface Options extends RunFlags {
  readonly device: readonly string[];
  readonly seconds: string;
  readonly json: boolean;
}

/**
 * `busyguest qualify NAME|FILE...`: does a distribution's kernel keep the limit? Each
 * `debian:` name is a kernel of its own; all files together are one.
 */
export async function qualify(given: readonly string[], options: Options): Promise<number> {
  const names = given.filter((one) => one.startsWith('debian:'));
  const files = given.filter((one) => !one.startsWith('debian:'));
  for (const file of files) {
    if (!(await exists(file))) throw new UsageError(`${file}: no such file`);
  }
  const packages = [
    ...names.map((name) => [name]),
    ...(files.length > 0 ? [files.map((f) => resolve(f))] : []),
  ];
  const seconds = Number(options.seconds);
  const matrix = qualifyMatrix({ packages, devices: options.device, seconds });
  // JSON is YAML: the same reader checks it as a job matrix.
  const text = JSON.stringify(matrix, undefined, 2);
  const start = await begin('qualify.yaml', text, {}, options.results);
  const result = await execute(start, options);
  await showRun(result, start.dir, options);
  return exitCodeOf(result);
}
