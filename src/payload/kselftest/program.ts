// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { refineWith } from '../../documents/refine.js';
import type { MatrixEntry, MatrixPart, TestProgram } from '../test-program.js';
import { treeJudging, treeReporting } from '../tree-tests.js';

/** One collection of a tree's selftests, or one test of it. */
export interface KselftestParameters {
  /** COLLECTION or COLLECTION:TEST, as the tree's kselftest-list.txt has them. */
  readonly kselftest: string;
  /** CPUs of the machine; 1 where it is left out. */
  readonly cpus?: number;
}

const selftest = z
  .string()
  .max(200)
  .superRefine(
    refineWith((text) =>
      /^\w[\w.-]*(?:\/\w[\w.-]*)*(?::\w[\w.+-]*)?$/.test(text)
        ? undefined
        : `${JSON.stringify(text)} is not COLLECTION or COLLECTION:TEST, such as "cgroup" or "cgroup:test_cpu"`,
    ),
  );
const cpus = z.int().min(1).max(256).optional();

const keys = {
  kselftest: z
    .array(selftest)
    .min(1)
    .max(100)
    .optional()
    .describe(
      'Selftests of the tree that the kernel is built from, COLLECTION or COLLECTION:TEST: a job for each (docs/kselftest.md).',
    ),
  cpus: cpus.describe('CPUs of the machine; default: vcpus. A device described here has its smp.'),
};

type Entry = z.output<z.ZodObject<typeof keys>>;

function expand(raw: MatrixEntry): ReturnType<MatrixPart<KselftestParameters>['expand']> {
  const { kselftest = [], cpus: count } = raw as Entry;
  return kselftest.map((one) => ({
    parameters: { kselftest: one, ...(count !== undefined && { cpus: count }) },
    suffix: kselftest.length === 1 ? '' : `-${one.toLowerCase().replace(/[^a-z0-9._-]/g, '-')}`,
    cpusPath: ['cpus'],
  }));
}

/** What the kernel is configured with besides: the tree's own fragments for a collection and what it is in. */
function treeConfig({ kselftest }: KselftestParameters): readonly string[] {
  const [collection = ''] = kselftest.split(':');
  const parts = collection.split('/');
  return parts.map(
    (_, index) => `tools/testing/selftests/${parts.slice(0, index + 1).join('/')}/config`,
  );
}

/** Selftests of a kernel's own tree, built from it and run by its run_kselftest.sh. */
export const kselftest = {
  name: 'kselftest',
  matrix: {
    key: 'kselftest',
    keys,
    expand,
    count: (entry: MatrixEntry) => (entry as Entry).kselftest?.length ?? 0,
    check: () => [],
  },
  // zod leaves out what is absent, but its type does not say so.
  parameters: z.strictObject({
    kselftest: selftest,
    cpus,
  }) as unknown as z.ZodType<KselftestParameters>,
  output: 'selftests',
  kernel: { config: ['kselftest'], treeConfig },
  machine: {
    argv: () => [],
    cpus: ({ cpus: count = 1 }) => ({ count, isExact: true, key: 'cpus', text: `cpus: ${count}` }),
    image: ({ kselftest: test }) => ({ kind: 'selftests', tests: [test] }),
    facts: () => ({}),
    usualTestMs: 1_800_000,
  },
  // Of a whole collection the console says which tests there are.
  judging: treeJudging(({ kselftest: test }) => (test.includes(':') ? [test] : [])),
  reporting: treeReporting('kselftest', 'selftests'),
} satisfies TestProgram<KselftestParameters>;
