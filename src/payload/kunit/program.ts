// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { MatrixEntry, MatrixPart, TestProgram } from '../test-program.js';
import { treeJudging, treeReporting } from '../tree-tests.js';

/** The KUnit tests of a tree, all that its config has. */
export interface KunitParameters {
  readonly kunit: true;
}

const keys = {
  kunit: z
    .literal(true)
    .optional()
    .describe('The KUnit tests of the tree that the kernel is built from (docs/kselftest.md).'),
};

const only: ReturnType<MatrixPart<KunitParameters>['expand']> = [
  { parameters: { kunit: true }, suffix: '', cpusPath: ['kunit'] },
];

/** The KUnit tests of a kernel's own tree, built into it and run by guest-images/kunit. */
export const kunit = {
  name: 'kunit',
  matrix: {
    key: 'kunit',
    keys,
    expand: () => only,
    count: (entry: MatrixEntry) => (entry['kunit'] === true ? 1 : 0),
    check: () => [],
  },
  parameters: z.strictObject({ kunit: z.literal(true) }),
  output: 'selftests',
  kernel: { config: ['kunit'], treeConfig: () => [] },
  machine: {
    argv: () => [],
    cpus: () => ({ count: 1, isExact: false, key: 'kunit', text: 'kunit' }),
    image: () => ({ kind: 'program', program: 'kunit' }),
    facts: () => ({}),
    usualTestMs: 1_800_000,
  },
  // Which suites there are the machine says.
  judging: treeJudging(() => []),
  reporting: treeReporting('kunit', 'KUnit tests'),
} satisfies TestProgram<KunitParameters>;
