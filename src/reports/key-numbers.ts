// SPDX-License-Identifier: MIT
import type { JobResult } from '../model/result.js';
import { programOf } from '../payload/registry.js';
import type { KeyNumber } from '../payload/test-program.js';

/** A column of numbers; jobs of a program that has none of that name show `-`. */
export type NumberColumn = Omit<KeyNumber, 'of'>;

/** The numbers that the programs of these jobs are read for, each once. */
export function numberColumns(jobs: readonly JobResult[]): readonly NumberColumn[] {
  const columns = new Map<string, NumberColumn>();
  for (const job of jobs) {
    for (const number of programOf(job).reporting.keyNumbers) columns.set(number.name, number);
  }
  return [...columns.values()];
}

/** What a job has in a column, as text. */
export function numberOf(job: JobResult, { name }: NumberColumn): string {
  const number = programOf(job).reporting.keyNumbers.find((one) => one.name === name);
  return number?.of(job) ?? '-';
}
