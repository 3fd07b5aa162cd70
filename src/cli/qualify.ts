// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { UsageError } from '../model/errors.js';
import { exists } from '../system/files.js';
import { exitCodeOf } from '../verdict/exit.js';
import { begin, execute, type RunFlags } from './execute.js';
import { showTable } from './run.js';

interface Options extends RunFlags {
  readonly device: readonly string[];
  readonly seconds: string;
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
  const matrix = {
    name: 'qualify',
    kernels: packages.map((group, index) => ({
      name: kernelName(group, index),
      package: group,
      expect: 'PASS',
    })),
    devices: options.device,
    tests: [
      {
        name: 'busy-guest',
        'quota-us': 30000,
        'period-us': 100000,
        seconds: Number(options.seconds),
      },
    ],
  };
  // JSON is YAML: the same reader checks it as a job matrix.
  const text = JSON.stringify(matrix, undefined, 2);
  const start = await begin('qualify.yaml', text, {}, options.results);
  const result = await execute(start, options);
  showTable(result, start.dir);
  return exitCodeOf(result);
}

/** A name for results: what the package is called, without what names may not hold. */
function kernelName(group: readonly string[], index: number): string {
  const first = (group[0] ?? '').replace(/^debian:/, '').replace(/^.*\//, '');
  const name = first
    .toLowerCase()
    .replace(/\.(deb|rpm)$/, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .slice(0, 60);
  return /^[a-z0-9]/.test(name) ? name : `kernel-${index + 1}`;
}
