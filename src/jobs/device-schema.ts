// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { deviceDrivers, propertiesFault, type DeviceDriver } from './machine-options.js';
import { longestList } from '../documents/refine.js';
import { name } from './name.js';

const addedDevice = z
  .strictObject({
    driver: z.enum(Object.keys(deviceDrivers) as DeviceDriver[]).describe("QEMU's name of it."),
    properties: z
      .record(z.string(), z.union([z.boolean(), z.int(), z.string()]))
      .default({})
      .describe('Its properties, by name.'),
  })
  .superRefine(({ driver, properties }, context) => {
    const message = propertiesFault(driver, properties);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

const deviceMapSchema = z.strictObject({
  name: name.describe('Names the device in job names and results.'),
  machine: z
    .string()
    .min(1)
    .describe(
      'Type of the machine and its properties: TYPE[,PROPERTY=VALUE]... (docs/writing-jobs.md).',
    ),
  cpu: z.string().min(1).optional().describe('CPU model.'),
  'memory-mb': z.int().min(64).max(1_048_576).default(2048).describe('Memory, MiB.'),
  smp: z.int().min(1).max(2048).default(1).describe('CPUs of the machine.'),
  accel: z.enum(['tcg', 'kvm']).default('tcg').describe('QEMU accelerator.'),
  icount: z
    .boolean()
    .optional()
    .describe('Virtual time counts instructions; only with tcg, and the default there.'),
  devices: z.array(addedDevice).max(longestList).default([]).describe('More devices of it.'),
  'extra-args': z
    .array(z.string().min(1))
    .max(longestList)
    .default([])
    .describe('More arguments for QEMU; only from a *.job.ts.'),
  console: z
    .string()
    .regex(/^[\w.,-]{1,64}$/, 'must be a name of a console, such as hvc0 or ttyS0,115200')
    .default('hvc0')
    .describe('Console device on the kernel command line.'),
});

/** An entry of `devices`: a name, or a machine that is described. */
export const deviceSchema = z
  .union([z.string().min(1), deviceMapSchema])
  .describe(
    'Name of a built-in device (see `busyguest devices`), or a description of a QEMU machine.',
  );
