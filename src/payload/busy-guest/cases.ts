// SPDX-License-Identifier: MIT
import { caseTable, type CaseRow } from './case-table.js';

/** Every tag of the table, and `full` for all cases. */
export const payloadTags: readonly string[] = [
  'full',
  ...new Set(caseTable.flatMap(({ tags }) => tags)),
];

const has = (name: string, tag: string): boolean =>
  caseTable.some((one) => one.name === name && one.tags.includes(tag));

/** A control shows that the machine can be trusted, or else who is to blame. What is tagged so, whatever its name. */
export function isControl(name: string): boolean {
  return has(name, 'control');
}

/** The control without KVM: where it breaks its limit in virtual time, the scheduler is to blame. */
export const plainLoop = 'control_host_loop_obeys_quota';

/** Says by itself that a limit is kept or broken: the plain loop, what depends on the bug, and what this table lacks. */
export function isLimitCase(name: string): boolean {
  const known = caseTable.some((one) => one.name === name);
  return !known || name === plainLoop || has(name, 'bug');
}

/** Which cases a test asks for; neither: those tagged `basic`. */
export interface CaseSelection {
  readonly cases?: readonly string[];
  readonly tags?: readonly string[];
  /** Those tagged `trace` as well. */
  readonly trace?: boolean;
}

/** Names of the cases that the payload reports for a selection, in order (cases.c does the same). */
export function selectedCases({ cases, tags, trace }: CaseSelection): readonly string[] {
  const isAsked = (one: CaseRow): boolean =>
    one.tags.includes('always') ||
    (trace === true && one.tags.includes('trace')) ||
    (cases === undefined && tags === undefined && one.tags.includes('basic')) ||
    cases?.includes(one.name) === true ||
    tags?.some((tag) => tag === 'full' || one.tags.includes(tag)) === true;
  const runs = new Set(caseTable.filter(isAsked).map(({ run }) => run));
  return caseTable.filter(({ run }) => runs.has(run)).map(({ name }) => name);
}

/** The cases that run where a test asks for no others. */
export const basicCases: readonly string[] = selectedCases({});

/** Those of them that every machine can run, and not only one whose time is virtual. */
const neededCases: readonly string[] = caseTable
  .filter(({ name, tags }) => basicCases.includes(name) && !tags.includes('virtual'))
  .map(({ name }) => name);

/** Every machine can run it: a SKIP of it skips the job. */
export function isNeeded(name: string): boolean {
  return neededCases.includes(name);
}

/** Runs whatever a test asks for: what the others are worth depends on it. */
export function runsAlways(name: string): boolean {
  return has(name, 'always');
}
