// SPDX-License-Identifier: MIT
import * as programs from './programs.js';
import type { MatrixEntry, TestProgram } from './test-program.js';

/** Every test program. */
export const testPrograms: readonly TestProgram[] = Object.values(programs);
/** The program of every test that names none. */
const usual: TestProgram = programs.busyGuest;

type Shapes = (typeof programs)[keyof typeof programs]['matrix']['keys'];
type Joined<T> = (T extends unknown ? (one: T) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** What an entry of `tests` may say, of whichever program. */
export const matrixKeys = Object.assign(
  {},
  ...testPrograms.map(({ matrix }) => matrix.keys),
) as Joined<Shapes>;

/** The names by which job.json, results.json and bundles know a program. */
export const programNames: readonly string[] = testPrograms.map(({ name }) => name);

/** The program of a test, a job or a result. What came from a file was checked when it was read. */
export function programOf({ program }: { readonly program?: string | undefined }): TestProgram {
  const found = program === undefined ? usual : testPrograms.find(({ name }) => name === program);
  if (found === undefined) throw new Error(`no test program is named ${program}`);
  return found;
}

/** The program's name, for what is stored; the name of the usual program is left out. */
export function nameIn({ name }: TestProgram): { readonly program?: string } {
  return name === usual.name ? {} : { program: name };
}

/** The program that an entry of `tests` is for. */
export function programOfEntry(entry: MatrixEntry): TestProgram {
  const named = testPrograms.find(
    ({ matrix: { key } }) => key !== undefined && entry[key] !== undefined,
  );
  return named ?? usual;
}

/** Whether a case of that name is a control of any program: history knows names only. */
export function isControlOfAny(name: string): boolean {
  return testPrograms.some(({ judging }) => judging.isControl(name));
}

/** Whether a case of that name is about the very thing that any program tests. */
export function comesFirstOfAny(name: string): boolean {
  return testPrograms.some(({ reporting }) => reporting.comesFirst(name));
}
