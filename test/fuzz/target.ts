// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Inputs } from './mutate.js';

/** A reader under attack: what it is fed, and what must hold of every input whatever. */
export interface Target {
  readonly name: string;
  readonly inputs: Inputs;
  /** Throws when the reader did something that it must not. */
  check(input: Buffer): void | Promise<void>;
  /** What breaks it is kept whole: a part of such an input may be another thing. */
  readonly whole?: true;
  /** Inputs for the short run of CI. */
  readonly shortRuns: number;
}

const fixtures = fileURLToPath(new URL('../../../test/fixtures', import.meta.url));

/** Where inputs are kept that once broke something: test/fixtures/fuzz/TARGET. */
export const crashDir = (target: string): string => join(fixtures, 'fuzz', target);

/** The files of a folder of fixtures whose names match. */
export function filesOf(folder: string, pattern: RegExp = /./): Buffer[] {
  const dir = folder.startsWith('/') ? folder : join(fixtures, folder);
  const entries = readdirSync(dir, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => readFileSync(join(dir, entry.name)));
}

/** What once broke a target; part of its corpus, too. */
export function crashesOf(target: string): Buffer[] {
  try {
    return filesOf(crashDir(target), /^(?!README)/);
  } catch {
    return [];
  }
}
