// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { vmmGuests, type TestParameters } from '../../model/job.js';
import { payloadCases, payloadTags } from './cases.js';

/** min_cfs_quota_period and max_cfs_quota_period of kernel/sched/core.c, microseconds. */
const shortestUs = 1_000;
const longestPeriodUs = 1_000_000;
/** What the payload takes at most (GUEST_MAX_VCPUS and --seconds): it refuses more after it has booted. */
const mostVcpus = 16;
const mostSeconds = 600;

/** What a test may be told, one value each: job matrices, job.json, bundles and pages all read by this. */
export const parametersSchema = z.strictObject({
  quotaUs: z.int().min(shortestUs),
  periodUs: z.int().min(shortestUs).max(longestPeriodUs),
  vcpus: z.int().min(1).max(mostVcpus),
  seconds: z.int().min(1).max(mostSeconds),
  cpus: z.int().min(1).max(256).optional(),
  cases: z
    .array(z.enum(payloadCases.map((one) => one.name)))
    .min(1)
    .optional(),
  tags: z.array(z.enum(payloadTags)).min(1).optional(),
  trace: z.boolean().optional(),
  vmm: z.enum(['qemu']).optional(),
  vmmGuest: z.enum(vmmGuests).optional(),
});

/** Bounds of cpu.max, microseconds, for messages about a pair of them. */
export const limitBounds = { shortestUs, longestPeriodUs } as const;

/** Parameters out of data of anybody; undefined where they are none. */
export function parametersOf(data: unknown): TestParameters | undefined {
  const parsed = parametersSchema.safeParse(data);
  // zod leaves out what is absent, but its type does not say so.
  return parsed.success ? (parsed.data as TestParameters) : undefined;
}
