// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectDir } from '../../src/system/files.js';
import { fix } from '../integration/matrix.js';

/** What a device must say of a wrong fix. */
export interface MutantExpectation {
  readonly status: 'PASS' | 'FAIL' | 'ERROR';
  /** Cases that must FAIL, not necessarily alone. */
  readonly 'caught-by'?: readonly string[];
  /** Part of the title of a fault that must be seen. */
  readonly fault?: string;
}

/** A fix that is wrong on purpose: a patch on top of the right one. */
export interface Mutant {
  readonly name: string;
  readonly wrong: string;
  readonly on: Readonly<Record<string, MutantExpectation>>;
}

/** The folder of the patches. */
export const mutantsDir = join(projectDir, 'test', 'mutants');

/** Reads mutants.yaml. */
export async function readMutants(): Promise<Mutant[]> {
  return parse(await readFile(join(mutantsDir, 'mutants.yaml'), 'utf8')) as Mutant[];
}

/** A job matrix with a kernel for each, as text; JSON is YAML. */
export function mutantMatrix(mutants: readonly Mutant[]): string {
  const devices = [...new Set(mutants.flatMap(({ on }) => Object.keys(on)))];
  const matrix = {
    name: 'mutants',
    fix,
    kernels: mutants.map(({ name, on }) => ({
      name,
      source: 'debian:linux-source',
      fix: 'present',
      patches: [join(mutantsDir, `${name}.patch`)],
      'expect-on': Object.fromEntries(
        Object.entries(on).map(([device, { status }]) => [device, status]),
      ),
    })),
    devices,
    tests: [{ name: 'full', 'quota-us': 30_000, tags: ['full'] }],
    exclude: mutants.flatMap(({ name, on }) =>
      devices.filter((device) => !(device in on)).map((device) => ({ kernel: name, device })),
    ),
  };
  return JSON.stringify(matrix, undefined, 2);
}
