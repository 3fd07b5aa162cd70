// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { z } from 'zod';
import type { RunComparison } from '../model/history.js';
import { statuses } from '../model/status.js';
import { readJsonIfThere } from '../system/input.js';
import { ownCommand } from '../system/shell-words.js';

/** The most of a comparison.json that is read, bytes. */
const mostBytes = 64 * 1024 ** 2;

const status = z.enum(statuses);
const changes = z.array(
  z.looseObject({ job: z.string(), before: status, after: status, reason: z.string() }),
);
const names = z.array(z.string());
const number = z.number();
const comparison = z.looseObject({
  a: z.string(),
  b: z.string(),
  headline: z.string().optional(),
  kernels: z
    .array(z.looseObject({ kernel: z.string(), before: z.string(), after: z.string() }))
    .optional(),
  bisect: z.string().optional(),
  newFailures: changes,
  fixed: changes,
  stillFailing: changes,
  otherStatus: changes,
  newJobs: names,
  vanishedJobs: names,
  metrics: z.array(
    z.looseObject({
      job: z.string(),
      metric: z.string(),
      unit: z.string(),
      before: number,
      after: number,
      rule: z.enum(['spread', 'changed']),
      past: z.looseObject({ count: number, min: number, max: number }),
    }),
  ),
  flaky: z.array(
    z.looseObject({
      job: z.string(),
      device: z.string(),
      test: z.string(),
      inputsKey: z.string(),
      passed: number,
      failed: number,
      runs: names,
    }),
  ),
});

/**
 * comparison.json of a run's folder, which may be anybody's; undefined where it is not there. Its command is one of
 * busyguest, whatever stands there. Throws JobError.
 */
export async function readComparison(dir: string): Promise<RunComparison | undefined> {
  const found = await readJsonIfThere(join(dir, 'comparison.json'), comparison, mostBytes);
  if (found === undefined) return undefined;
  const { bisect, ...rest } = found as RunComparison;
  const command = bisect === undefined ? undefined : ownCommand(bisect, 'bisect');
  return { ...rest, ...(command !== undefined && { bisect: command }) };
}
