// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { withParameters } from '../../payload/test-spec.js';
import type { Job, Pattern } from '../../model/job.js';
import { statuses } from '../../model/status.js';
import { checked, parseJson } from '../../system/input.js';

/** The files of a bundle that verify needs, beside bundle.json itself. */
export const checkedFiles = ['kernel', 'initramfs.cpio', 'console.log', 'status.json'] as const;
/** Files that are there to be read, where the job has them. */
export const readableFiles = [
  'job.json',
  'ktap.txt',
  'samples.json',
  'build.log',
  'reproduce.sh',
] as const;
export const manifestFile = 'bundle.json';

const text = z.string().regex(/^[\x20-\x7e]*$/);
const name = z.string().regex(/^[A-Za-z0-9][\w.+-]{0,199}$/);
// A word of the kernel command line: the machine's kernel sees it, no shell does.
export const word = z.string().regex(/^[\x21-\x7e]{1,1000}$/);
export const words = z.array(word).max(200);
export const count = z.int().min(1);
const file = z.strictObject({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const metric = z.object({ name: text.max(200), value: z.number(), unit: text.max(50) });

export const timeouts = z.strictObject({
  buildMs: count,
  bootMs: count.max(86_400_000),
  testMs: count.max(86_400_000),
});

const manifestSchema = z.strictObject({
  schema: z.literal(1),
  run: name,
  startedAt: text.max(50),
  job: withParameters({
    name,
    kernel: name,
    device: name,
    test: name,
    expect: z.enum(statuses),
    timeouts,
    /** Titles of faults, to the letter: what was accepted, and nothing more. */
    knownFaults: z.array(text.max(1000)).max(200),
  }),
  boot: z.strictObject({ commandLine: words, payloadArgs: words, cpus: count.max(1024) }),
  recorded: z.strictObject({
    device: name,
    qemu: text.max(300),
    /** QEMU's arguments, for a shell; shown and compared, never run. */
    args: text.max(20_000),
    repeats: z.enum(['bytes', 'statuses']),
  }),
  files: z.strictObject(
    Object.fromEntries(checkedFiles.map((one) => [one, file])) as Record<
      (typeof checkedFiles)[number],
      typeof file
    >,
  ),
});

const resultSchema = z.object({
  status: z.enum(statuses),
  cases: z
    .array(z.object({ name: text.max(200), status: z.enum(statuses), metrics: z.array(metric) }))
    .max(10_000),
});

/** bundle.json: what was booted, where, and the files that belong to it. */
export type Manifest = z.infer<typeof manifestSchema>;
/** What verify compares of a result. */
export type BundledResult = z.infer<typeof resultSchema>;

/** bundle.json of a stranger. Throws JobError. */
export function parseManifest(where: string, json: string): Manifest {
  const place = `${where}: ${manifestFile}`;
  return checked(place, manifestSchema, parseJson(place, json));
}

/** status.json of a stranger. Throws JobError. */
export function parseResult(where: string, json: string): BundledResult {
  const place = `${where}: status.json`;
  return checked(place, resultSchema, parseJson(place, json));
}

/** The job as the judge wants it. */
export function jobOf({ job }: Manifest): Job {
  const kernel = {
    name: job.kernel,
    source: 'a bundle',
    packages: [],
    commandLine: [],
    patches: [],
    config: [],
    expect: job.expect,
  };
  const literal = (title: string): Pattern => ({ source: title, test: (text) => text === title });
  return {
    name: job.name,
    kernel,
    device: job.device,
    test: {
      name: job.test,
      ...(job.program !== undefined && { program: job.program }),
      parameters: job.parameters,
    },
    expect: job.expect,
    timeouts: job.timeouts,
    knownFaults: job.knownFaults.map((title) => ({ title: literal(title), reason: 'a bundle' })),
  };
}
