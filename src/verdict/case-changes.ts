// SPDX-License-Identifier: MIT
import type { CaseChanges, CaseResult, Fault, JobResult } from '../model/result.js';
import type { Status } from '../model/status.js';
import { programOf } from '../payload/registry.js';

/** A job's cases as they count: a FAIL that real time does not make certain says nothing. */
function statuses(job: JobResult): ReadonlyMap<string, Status> {
  const { cases, payloadFacts = {} } = job;
  const { judging } = programOf(job);
  const counts = (one: CaseResult): boolean =>
    one.status !== 'FAIL' || judging.isCertain(one, payloadFacts);
  return new Map(cases.map((one) => [one.name, counts(one) ? one.status : 'ERROR']));
}

/** What the patched kernel does otherwise than the base, case by case. */
export function caseChanges(base: JobResult, patched: JobResult): CaseChanges {
  const before = statuses(base);
  const after = statuses(patched);
  const changed = (from: Status, to: Status): readonly string[] =>
    [...after.keys()].filter((name) => before.get(name) === from && after.get(name) === to);
  return {
    stillBroken: changed('FAIL', 'FAIL'),
    mended: changed('FAIL', 'PASS'),
    newlyBroken: changed('PASS', 'FAIL'),
  };
}

/** The cases that fail, as they count. */
export function brokenCases(job: JobResult): readonly string[] {
  const { cases, payloadFacts = {} } = job;
  const { judging } = programOf(job);
  const isBroken = (one: CaseResult): boolean =>
    one.status === 'FAIL' && judging.isCertain(one, payloadFacts);
  return [...new Set(cases.filter(isBroken).map(({ name }) => name))];
}

const sameFault = (a: Fault) => (b: Fault) => a.class === b.class && a.title === b.title;

/** Whether the patched kernel has a fault that the base has not. */
export function bringsFault(base: JobResult, patched: JobResult): boolean {
  return patched.faults.some((fault) => !base.faults.some(sameFault(fault)));
}
