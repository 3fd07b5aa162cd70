// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectDir } from '../../src/system/files.js';

/** The device whose jobs are looked at one by one. */
export const device = 'qemu-pseries-p9';

/** The kernels of the matrix. */
export const kernels = ['unpatched', 'patched'];

/** What is varied in a copy of the matrix. */
interface Matrix {
  fix: { add: string; remove: string[] };
  kernels: Record<string, unknown>[];
  devices: string[];
  tests: Record<string, unknown>[];
}

/** jobs/pre-pull.yaml, to be changed and written to another folder. */
export async function prePullMatrix(): Promise<Matrix> {
  const jobs = join(projectDir, 'jobs');
  const matrix = parse(await readFile(join(jobs, 'pre-pull.yaml'), 'utf8')) as Matrix;
  matrix.fix.add = join(jobs, matrix.fix.add);
  matrix.fix.remove = matrix.fix.remove.map((path) => join(jobs, path));
  return matrix;
}
