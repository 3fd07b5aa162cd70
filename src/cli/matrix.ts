// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { deviceNames } from '../devices/registry.js';
import { parseFilter } from '../jobs/filter.js';
import { loadMatrix } from '../jobs/load.js';
import { UsageError } from '../model/errors.js';
import type { JobMatrix } from '../model/job.js';

/** What narrows or redirects a matrix from the command line. */
export interface MatrixOptions {
  readonly tree?: string;
  readonly filter?: string;
}

/** Reads a job matrix. Throws UsageError when there is no such file, JobError with all its mistakes. */
export async function readMatrix(file: string, options: MatrixOptions): Promise<JobMatrix> {
  return narrow(await readMatrixText(file), file, options);
}

/** The text of a job matrix. Throws UsageError when there is no such file. */
export async function readMatrixText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file}: ${code === 'ENOENT' ? 'no such file' : message}`);
  });
}

/** The same from a text; paths in it are relative to the folder of `file`. */
export function narrow(text: string, file: string, options: MatrixOptions): JobMatrix {
  const { tree, filter } = options;
  const matrix = loadMatrix(file, text, {
    knownDevices: deviceNames,
    ...(tree !== undefined && { tree }),
  });
  if (filter === undefined) return matrix;
  const jobs = matrix.jobs.filter(parseFilter(filter));
  if (jobs.length === 0) {
    const names = matrix.jobs.slice(0, 8).map((job) => job.name);
    throw new UsageError(
      `--filter '${filter}' leaves no job of ${file}; there are ${names.join(', ')} ...`,
    );
  }
  return { ...matrix, jobs };
}
