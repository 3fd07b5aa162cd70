// SPDX-License-Identifier: MIT
import { busyGuest } from './busy-guest/program.js';
import type { MatrixEntry, TestProgram } from './test-program.js';

/** Every test program, a line each; the first is for the tests that name none. */
const programs = [busyGuest] as const;

/** Every test program. */
export const testPrograms: readonly TestProgram[] = programs;

type Shapes = (typeof programs)[number]['matrix']['keys'];
type Joined<T> = (T extends unknown ? (one: T) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** What an entry of `tests` may say, of whichever program. */
export const matrixKeys = Object.assign(
  {},
  ...programs.map(({ matrix }) => matrix.keys),
) as Joined<Shapes>;

/** The names by which job.json, results.json and bundles know a program. */
export const programNames: readonly string[] = programs.map(({ name }) => name);

/** The program of a test, a job or a result. What came from a file was checked when it was read. */
export function programOf({ program }: { readonly program?: string | undefined }): TestProgram {
  const found =
    program === undefined ? programs[0] : testPrograms.find(({ name }) => name === program);
  if (found === undefined) throw new Error(`no test program is named ${program}`);
  return found;
}

/** The program's name, where it is to be kept; it is left out for the first. */
export function nameIn({ name }: TestProgram): { readonly program?: string } {
  return name === programs[0].name ? {} : { program: name };
}

/** The program that an entry of `tests` is for. */
export function programOfEntry(entry: MatrixEntry): TestProgram {
  const named = testPrograms.find(
    ({ matrix: { key } }) => key !== undefined && entry[key] !== undefined,
  );
  return named ?? programs[0];
}

/** Whether a case of that name is a control of any program: history knows names only. */
export function isControlOfAny(name: string): boolean {
  return testPrograms.some(({ judging }) => judging.isControl(name));
}
