// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { vmmGuests, type VmmGuest } from '../image-recipe.js';
import { caseTable } from './case-table.js';
import { payloadTags, type CaseSelection } from './cases.js';

/** min_cfs_quota_period and max_cfs_quota_period of kernel/sched/core.c, microseconds. */
const shortestUs = 1_000;
const longestPeriodUs = 1_000_000;
/** What the payload takes at most (GUEST_MAX_VCPUS and --seconds): it refuses more after it has booted. */
const mostVcpus = 16;
const mostSeconds = 600;

/** The limits under test and how long they are watched. Times in the machine's own time. */
export interface BusyGuestParameters extends CaseSelection {
  /** cpu.max quota, microseconds a period. */
  readonly quotaUs: number;
  /** cpu.max period, microseconds. */
  readonly periodUs: number;
  /** vCPUs of the guest that spins. */
  readonly vcpus: number;
  /** Length of the observation window, seconds. */
  readonly seconds: number;
  /** CPUs of the machine; as many as vCPUs where it is left out. */
  readonly cpus?: number;
  /** What uses KVM: QEMU; the payload itself where it is left out. */
  readonly vmm?: 'qemu';
  readonly vmmGuest?: VmmGuest;
  readonly payloadArgs?: PayloadArgs;
}

/** What the payload may be told besides, by the names of its options: `hcall-us` is --hcall-us. */
export type PayloadArgs = z.output<typeof payloadArgs>;

/** The bounds are those of main.c. */
export const payloadArgs = z.strictObject({
  'hcall-us': z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe('The guest makes a hypercall every so many microseconds; 0: never.'),
  'negate-decrementer': z
    .literal(true)
    .optional()
    .describe("For a guest that sleeps under QEMU's nested v2 (docs/devices.md)."),
  'kill-deadline-seconds': z
    .int()
    .min(1)
    .max(3600)
    .optional()
    .describe('How long a killed guest may take to be gone.'),
});

/** What the test may be told, one value each: job matrices, job.json, bundles and pages all read by this. */
export const parametersShape = {
  quotaUs: z.int().min(shortestUs),
  periodUs: z.int().min(shortestUs).max(longestPeriodUs),
  vcpus: z.int().min(1).max(mostVcpus),
  seconds: z.int().min(1).max(mostSeconds),
  cpus: z.int().min(1).max(256).optional(),
  cases: z
    .array(z.enum(caseTable.map((one) => one.name)))
    .min(1)
    .optional(),
  tags: z.array(z.enum(payloadTags)).min(1).optional(),
  trace: z.boolean().optional(),
  vmm: z.enum(['qemu']).optional(),
  vmmGuest: z.enum(vmmGuests).optional(),
  payloadArgs: payloadArgs.optional(),
};

// zod leaves out what is absent, but its type does not say so.
export const parametersSchema = z.strictObject(
  parametersShape,
) as unknown as z.ZodType<BusyGuestParameters>;

/** Bounds of cpu.max, microseconds, for messages about a pair of them. */
export const limitBounds = { shortestUs, longestPeriodUs } as const;
