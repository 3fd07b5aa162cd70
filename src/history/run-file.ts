// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { phases, type JobResult, type RunResult } from '../model/result.js';
import { statuses, verdicts } from '../model/status.js';
import { programNames } from '../payload/registry.js';
import { readJson, readJsonIfThere } from '../system/input.js';
import { isFileName } from '../system/files.js';

/** The most of a results.json that is read, bytes: 10,000 jobs have about 100 MB. */
const mostRunBytes = 256 * 1024 ** 2;
/** The same of a status.json. */
const mostJobBytes = 16 * 1024 ** 2;
/** Schemas of results.json that are read; in the first nobody knows whose a fact is. */
const known = [1, 2] as const;

/** A name that is also one of a folder: it must not lead out of the run. */
const folder = z.string().refine(isFileName, 'no name of a folder');
const status = z.enum(statuses);
const facts = z.record(z.string(), z.string());
const metric = z.looseObject({ name: z.string(), value: z.number(), unit: z.string() });
const job = z.looseObject({
  name: folder,
  kernel: z.string(),
  device: z.string(),
  test: z.string(),
  program: z.enum(programNames).optional(),
  status,
  expect: status,
  asExpected: z.boolean(),
  reason: z.string(),
  decidedBy: z.string(),
  reused: z.boolean(),
  cases: z.array(
    z.looseObject({
      name: z.string(),
      status,
      reason: z.string().optional(),
      metrics: z.array(metric),
    }),
  ),
  faults: z.array(
    z.looseObject({
      class: z.string(),
      title: z.string(),
      phase: z.enum(phases),
      lines: z.array(z.string()),
    }),
  ),
  facts,
  deviceFacts: facts.optional(),
  payloadFacts: facts.optional(),
  timesMs: z.record(z.string(), z.number()),
  caseTimes: z
    .record(z.string(), z.looseObject({ wallMs: z.number(), machineUs: z.number().optional() }))
    .optional(),
});
const names = z.array(z.string()).optional();
const run = z.looseObject({
  schema: z.literal(known, {
    error: ({ input }) => `schema ${String(input)}; this busyguest reads schema 1 and 2`,
  }),
  run: z.string(),
  startedAt: z.string(),
  version: z.string().optional(),
  matrix: z.string(),
  interrupted: z.boolean(),
  verdicts: z.array(
    z.looseObject({
      base: z.string(),
      patched: z.string(),
      device: z.string(),
      test: z.string(),
      verdict: z.enum(verdicts),
      stillBroken: names,
      mended: names,
      newlyBroken: names,
    }),
  ),
  overall: z.enum([...verdicts, 'none']),
  jobs: z.array(job),
});

/** results.json of anybody. Throws JobError when it is none, and what open() throws. */
export async function readRunFile(path: string): Promise<RunResult> {
  const data = (await readJson(path, run, mostRunBytes)) as unknown as RunResult;
  return (data.schema as number) === 1 ? withOwners(data) : data;
}

/** status.json of anybody; undefined where it is not there. Throws JobError. */
export async function readJobFile(path: string): Promise<JobResult | undefined> {
  return (await readJsonIfThere(path, job, mostJobBytes)) as unknown as JobResult | undefined;
}

/** Facts of schema 1 had one name for all: what the payload said could stand in the place of what we knew. */
const withOwners = (old: RunResult): RunResult => ({
  ...old,
  schema: 2,
  jobs: old.jobs.map((one) => ({ ...one, facts: {}, payloadFacts: one.facts })),
});
