// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { architectures } from '../architectures/architectures.js';
import { oneOrMore, refineWith } from '../documents/refine.js';
import { matrixKeys } from '../payload/registry.js';
import { linearPattern, patternFault } from '../documents/pattern.js';
import { statuses } from '../model/status.js';
import { deviceSchema } from './device-schema.js';
import { longestList } from '../documents/refine.js';
import { name, namePattern } from './name.js';
import { isFragmentPath, pathFault, sourceFault } from './sources.js';

/** A day: longer than any phase, and far below what a timer can hold. */
const longestTimeoutS = 86_400;

const status = z.enum(statuses);
const path = z.string().superRefine(refineWith(pathFault));
const seconds = z.int().min(1).max(longestTimeoutS);

const fix = z.strictObject({
  add: path.describe(
    'Folder of patches that adds the fix to a tree without it, relative to this file.',
  ),
  remove: z
    .array(path)
    .max(longestList)
    .default([])
    .describe(
      'Folders of patches, each of which takes the fix out; the first that applies is used.',
    ),
});

export const kernelSchema = z.strictObject({
  name: name.describe('Names the kernel in job names and results.'),
  source: z
    .string()
    .superRefine(refineWith(sourceFault))
    .optional()
    .describe(
      'What the kernel is built from: PATH, PATH#REF, git+URL#REF or debian:linux-source[@SUITE]; a path is relative to this file. "running" is the kernel that runs on the device (local, ssh).',
    ),
  package: oneOrMore(z.string().superRefine(refineWith(sourceFault)))
    .optional()
    .describe(
      "A distribution's kernel instead of a source: debian:PACKAGE[@SUITE], or .deb and .rpm files (or a bare image and its modules folder) that belong together.",
    ),
  arch: z
    .enum(architectures.map((one) => one.name))
    .optional()
    .describe(
      "The architecture it is for, by the kernel's name: it runs on the devices of that one only. Default: for debian:PACKAGE what its name says, for a source that of each device.",
    ),
  'command-line': z
    // One word for whoever passes it on: QEMU, a LAVA definition, the shell of a machine that calls kexec.
    .array(
      z.string().regex(/^[^\s\p{Cc}"'`$\\]+$/u, 'must be one word without quotes, "$" and "\\"'),
    )
    .max(longestList)
    .default([])
    .describe('More options for the kernel command line.'),
  fix: z
    .enum(['present', 'absent'])
    .optional()
    .describe('Have the fix of this matrix in or out, whatever the source contains.'),
  patches: z
    .array(path)
    .max(longestList)
    .default([])
    .describe(
      'Patch files, or folders of them, applied in order after the fix; relative to this file.',
    ),
  config: z
    .union([
      z.string().superRefine(refineWith(fullConfigFault)),
      z
        .array(z.string().superRefine(refineWith(configFault)))
        .min(1)
        .max(longestList),
    ])
    .default(['minimal'])
    .describe(
      'A list of config fragments: names of shipped ones, or paths (with a slash, or ending in .fragment or .config). Or the path of a full .config.',
    ),
  toolchain: z
    .string()
    .superRefine(refineWith(toolchainFault))
    .optional()
    .describe(
      'gcc, llvm, llvm-NN (a version), or the prefix of a cross compiler, such as powerpc64le-linux-gnu-. Default: what LLVM and CROSS_COMPILE say.',
    ),
  base: name.optional().describe('The kernel that this one is compared with for a verdict.'),
  expect: status
    .default('PASS')
    .describe('The status that every job of this kernel should end with.'),
  'expect-on': z
    .record(z.string(), status)
    .default({})
    .describe('Other expectations for single devices: DEVICE: STATUS.'),
});

export const testSchema = z.strictObject({
  name: name.describe('Names the test in job names and results.'),
  ...matrixKeys,
});

const timeouts = z.strictObject({
  'build-s': seconds.default(7200).describe('Building one kernel, wall-clock seconds.'),
  'boot-s': seconds
    .default(120)
    .describe('Power-on to the first line of the test, wall-clock seconds.'),
  'test-s': seconds
    .optional()
    .describe(
      'First to last line of the test, wall-clock seconds; default: 300, of selftests 1800.',
    ),
});

const knownFault = z.strictObject({
  title: z
    .string()
    .superRefine(refineWith(regexFault))
    .describe("Regular expression (RE2's syntax) on the fault's title."),
  reason: z.string().min(1).describe('Why it is accepted.'),
});

export const excludeSchema = z
  .strictObject({
    kernel: z.string().optional(),
    device: z.string().optional(),
    test: z.string().optional().describe('A test as written, or one of the names it expands to.'),
  })
  .describe('Leaves out every job that matches all the keys given.');

/** The job matrix as a user writes it: types, validation and the published JSON Schema all come from here. */
export const matrixSchema = z
  .strictObject({
    name: name.describe('Names the matrix in results.'),
    fix: fix.optional().describe('What `fix: present` and `fix: absent` of a kernel mean.'),
    kernels: z.array(kernelSchema).min(1).describe('The kernels under test.'),
    devices: z.array(deviceSchema).min(1).describe('What boots them.'),
    tests: z.array(testSchema).min(1).describe('What runs there.'),
    timeouts: timeouts.prefault({}).describe('Wall-clock deadlines of the phases.'),
    'known-faults': z
      .array(knownFault)
      .default([])
      .describe('Kernel faults that do not fail a job.'),
    exclude: z.array(excludeSchema).default([]).describe('Combinations to leave out.'),
  })
  .describe('A busyguest job matrix: kernels x devices x tests.');

export type RawMatrix = z.output<typeof matrixSchema>;
export type RawKernel = z.output<typeof kernelSchema>;
export type RawDevice = z.output<typeof deviceSchema>;
export type RawTest = z.output<typeof testSchema>;
export type RawExclude = z.output<typeof excludeSchema>;

/** The JSON Schema (draft 7) of a job matrix file, as docs/job-matrix.schema.json publishes it for editors. */
export function jobMatrixJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(matrixSchema, { target: 'draft-7', io: 'input' });
  return {
    $schema,
    $comment: 'SPDX-License-Identifier: MIT. Written by scripts/write-schema.mjs.',
    ...rest,
  };
}

function configFault(entry: string): string | undefined {
  if (isFragmentPath(entry)) return pathFault(entry);
  return namePattern.test(entry)
    ? undefined
    : `${JSON.stringify(entry)} is no name of a config fragment`;
}

function fullConfigFault(entry: string): string | undefined {
  return isFragmentPath(entry)
    ? pathFault(entry)
    : `${JSON.stringify(entry)} is no path of a full .config; fragments are a list: [${entry}]`;
}

function toolchainFault(text: string): string | undefined {
  return /^(?:gcc|llvm(?:-\d+)?|[\w./+-]+-)$/.test(text)
    ? undefined
    : `${JSON.stringify(text)} is no toolchain: gcc, llvm, llvm-NN, or a prefix that ends with "-"`;
}

function regexFault(text: string): string | undefined {
  const fault = patternFault(text);
  if (fault !== undefined) return fault;
  return linearPattern(text).test('')
    ? `the expression ${JSON.stringify(text)} accepts every fault`
    : undefined;
}
