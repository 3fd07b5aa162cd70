// SPDX-License-Identifier: MIT
import { deviceNames, foreignArchitecture } from '../devices/registry.js';
import { parseFilter } from '../jobs/filter.js';
import { isGeneratorFile, runGenerator } from '../jobs/generator-file.js';
import { loadMatrix, loadMatrixData } from '../jobs/load.js';
import type { GeneratorOptions } from '../jobs/generators/generator.js';
import { JobError, UsageError } from '../model/errors.js';
import type { JobMatrix } from '../model/job.js';
import { parseJson, readInputOrPipe } from '../system/input.js';
import { findMatrix } from './shipped-matrices.js';

/** The most of a job matrix or a generator that is read, bytes; YAML has a lower bound of its own. */
const mostBytes = 16 * 1024 ** 2;

/** What narrows or redirects a matrix from the command line. */
export interface MatrixOptions {
  readonly tree?: string;
  readonly filter?: string;
  /** `NAME=VALUE` for a generator. */
  readonly set?: readonly string[];
}

/** The path of a job matrix as the user named it. Throws UsageError when there is none. */
export const matrixFile = (word: string): Promise<string> =>
  findMatrix(word, (text) => process.stderr.write(`busyguest: ${text}\n`));

/** Reads a job matrix. Throws UsageError when it cannot be read, JobError with all its mistakes. */
export async function readMatrix(file: string, options: MatrixOptions): Promise<JobMatrix> {
  return narrow(await readMatrixText(file, options.set), file, options);
}

/** The text of a job matrix; of a generator, what it made as JSON. Throws UsageError when it cannot be read. */
export async function readMatrixText(file: string, set: readonly string[] = []): Promise<string> {
  const bytes = await readInputOrPipe(file, mostBytes).catch((error: unknown) => {
    if (error instanceof JobError) throw error;
    throw new UsageError(`${file}: ${(error as Error).message}`);
  });
  const text = bytes.toString('utf8');
  if (isGeneratorFile(file)) {
    return JSON.stringify(await runGenerator(file, text, settings(set)), undefined, 2);
  }
  if (set.length > 0)
    throw new UsageError(`--set is for generators (*.job.ts); ${file} is not one`);
  return text;
}

function settings(set: readonly string[]): GeneratorOptions {
  const values: Record<string, string[]> = {};
  for (const one of set) {
    const [, name, value] = /^([a-z][\w-]*)=(.*)$/s.exec(one) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--set ${one}: NAME=VALUE is needed`);
    }
    (values[name] ??= []).push(value);
  }
  return values;
}

/**
 * The same from a text; paths in it are relative to the folder of `file`. What a generator made is a program's only when
 * it was run just now: `from: 'anybody'` is a text that was found in a folder, whatever its file is called.
 */
export function narrow(
  text: string,
  file: string,
  options: MatrixOptions,
  from: 'program' | 'anybody' = 'program',
): JobMatrix {
  const { tree, filter } = options;
  const load = {
    knownDevices: deviceNames(),
    architectureOf: foreignArchitecture,
    ...(tree !== undefined && { tree }),
  };
  const matrix = isGeneratorFile(file)
    ? loadMatrixData(file, parseJson(file, text), load, from)
    : loadMatrix(file, text, load);
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
