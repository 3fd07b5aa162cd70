// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { JobError } from '../../model/errors.js';
import type { Job } from '../../model/job.js';
import { statuses } from '../../model/status.js';

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
const word = z.string().regex(/^[\x21-\x7e]{1,1000}$/);
const words = z.array(word).max(200);
const count = z.int().min(1);
const file = z.strictObject({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const metric = z.object({ name: text.max(200), value: z.number(), unit: text.max(50) });

const manifestSchema = z.strictObject({
  schema: z.literal(1),
  run: name,
  startedAt: text.max(50),
  job: z.strictObject({
    name,
    kernel: name,
    device: name,
    test: name,
    expect: z.enum(statuses),
    parameters: z.strictObject({
      quotaUs: count,
      periodUs: count,
      vcpus: count.max(1024),
      seconds: count.max(86_400),
    }),
    timeouts: z.strictObject({
      buildMs: count,
      bootMs: count.max(86_400_000),
      testMs: count.max(86_400_000),
    }),
    /** Titles of faults, to the letter: an expression from a stranger could keep us busy for ever. */
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
  return parsed(manifestSchema, `${where}: ${manifestFile}`, json);
}

/** status.json of a stranger. Throws JobError. */
export function parseResult(where: string, json: string): BundledResult {
  return parsed(resultSchema, `${where}: status.json`, json);
}

function parsed<T>(schema: z.ZodType<T>, where: string, json: string): T {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw new JobError([{ message: `${where}: refused: it is no JSON` }]);
  }
  const { success, data: good, error } = schema.safeParse(data);
  if (success) return good;
  const [issue] = error.issues;
  const path = (issue?.path ?? []).map(String).join('.');
  const problem = `${path === '' ? '' : `${path}: `}${issue?.message ?? 'invalid'}`;
  throw new JobError([{ message: `${where}: refused: ${JSON.stringify(problem).slice(1, 300)}` }]);
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
  const literal = (title: string): RegExp =>
    new RegExp(`^${title.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}$`);
  return {
    name: job.name,
    kernel,
    device: job.device,
    test: { name: job.test, parameters: job.parameters },
    expect: job.expect,
    timeouts: job.timeouts,
    knownFaults: job.knownFaults.map((title) => ({ title: literal(title), reason: 'a bundle' })),
  };
}
