// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { testSpec } from '../payload/test-spec.js';
import { patternFault } from '../documents/pattern.js';
import { specFault } from '../jobs/machine-options.js';
import type { Boot } from '../devices/device.js';
import type { DeviceSpec } from '../model/job.js';
import { readJsonIfThere } from '../system/input.js';
import { count, timeouts, words } from './bundle/manifest.js';

/** The most of a job.json or boot.json that is read, bytes. */
const mostBytes = 4 * 1024 ** 2;

const sha256 = z.string().regex(/^(?:[0-9a-f]{64})?$/);
const path = z.string().regex(/^[^\0]*$/);
const bootFile = z.strictObject({
  kernel: path,
  initramfs: path,
  commandLine: words,
  payloadArgs: words,
  cpus: count.max(1024),
  program: path.optional(),
  /** Of the two files when they were booted; absent in those of versions before they were kept. */
  sha256: z.strictObject({ kernel: sha256, initramfs: sha256 }).optional(),
});

const deviceSpec = z
  .strictObject({
    name: z.string(),
    machine: z.string(),
    cpu: z.string().optional(),
    memoryMb: count.max(1_048_576),
    smp: count.max(2048),
    accel: z.enum(['tcg', 'kvm']),
    icount: z.boolean(),
    devices: z.array(z.string()).max(64),
    extraArgs: z.array(z.string()).max(64),
    console: z.string().regex(/^[\w.,-]{1,64}$/),
  })
  .superRefine((spec, context) => {
    const message = specFault(spec as DeviceSpec);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
const isPattern = (title: string): boolean => patternFault(title) === undefined;
const jobFile = z.looseObject({
  timeouts,
  test: testSpec,
  knownFaults: z.array(z.looseObject({ title: z.string().max(1000).refine(isPattern) })).max(1000),
  deviceSpec: deviceSpec.optional(),
});

/** boot.json: what a machine was given. */
export type BootRecord = z.infer<typeof bootFile>;
/** The parts of a job.json that are used again. */
export type JobRecord = z.infer<typeof jobFile>;

/** boot.json of anybody; undefined where it is not there. Throws JobError. */
export async function readBootFile(file: string): Promise<BootRecord | undefined> {
  return readJsonIfThere(file, bootFile, mostBytes);
}

/** job.json of anybody; undefined where it is not there. Throws JobError. */
export async function readJobRecord(file: string): Promise<JobRecord | undefined> {
  return readJsonIfThere(file, jobFile, mostBytes);
}

/** The boot that a record tells of, with its two files as they are called elsewhere. */
export const bootFrom = (record: BootRecord, kernel: string, initramfs: string): Boot => ({
  kernel,
  initramfs,
  commandLine: record.commandLine,
  payloadArgs: record.payloadArgs,
  cpus: record.cpus,
});
