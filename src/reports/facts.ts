// SPDX-License-Identifier: MIT
import type { Facts, JobResult } from '../model/result.js';

/** Whose facts they are, as reports call them: `fact` is ours. */
export type FactOwner = 'fact' | 'device' | 'payload';

/** The facts of a job by who states them. No report puts those of two owners under one name. */
export const factsByOwner = (job: JobResult): readonly (readonly [FactOwner, Facts])[] => [
  ['fact', job.facts],
  ['device', job.deviceFacts ?? {}],
  ['payload', job.payloadFacts ?? {}],
];
