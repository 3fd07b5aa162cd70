// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runGenerator } from '../../src/jobs/generator-file.js';
import {
  bisectStep,
  nightly,
  prePull,
  qualify,
  type MatrixInput,
} from '../../src/jobs/generators/index.js';
import { loadMatrixData } from '../../src/jobs/load.js';
import { deviceNames } from '../../src/devices/registry.js';
import { JobError } from '../../src/model/errors.js';
import type { JobMatrix } from '../../src/model/job.js';

const jobs = fileURLToPath(new URL('../../../jobs/', import.meta.url));

const load = (data: unknown, file = '/lab/x.job.ts'): JobMatrix =>
  loadMatrixData(file, data, { knownDevices: deviceNames() });

const refused = async (text: string, message: RegExp): Promise<JobError> => {
  const caught: unknown = await runGenerator('/lab/x.job.ts', text, {})
    .then((data) => load(data))
    .catch((error: unknown) => error);
  assert.ok(caught instanceof JobError, String(caught));
  assert.match(caught.message, message);
  return caught;
};

const valid = `{ name: 'm', kernels: [{ name: 'k', source: 'tree' }], devices: ['qemu-powernv8'],
  tests: [{ name: 't', 'quota-us': 30000 }] }`;

const builtIn: readonly (readonly [MatrixInput, number, readonly string[]])[] = [
  [nightly({ source: 'git+https://example.org/linux.git#master' }), 11 * 4, ['tip']],
  [prePull({ source: '/l#a', series: ['/1.patch', '/2.patch'] }), 20, ['base', 'patched']],
  [
    prePull({
      source: '/l#a',
      series: ['/1.patch', '/2.patch'],
      each: true,
      devices: ['qemu-powernv9'],
    }),
    3,
    ['base', 'patch-1', 'patch-2'],
  ],
  [
    qualify({ packages: [['debian:linux-image-powerpc64le@sid'], ['/a.rpm', '/b.rpm']] }),
    2,
    ['linux-image-powerpc64le-sid', 'a'],
  ],
  [bisectStep({ source: '/l#c', device: 'qemu-powernv8' }), 1, ['commit']],
];
for (const [matrix, count, kernels] of builtIn) {
  test(`${matrix.name} (${kernels.join(', ')}) is a valid matrix of ${count} jobs`, () => {
    const loaded = load(matrix);
    assert.equal(loaded.jobs.length, count);
    assert.deepEqual(
      loaded.kernels.map(({ name }) => name),
      kernels,
    );
  });
}

test('pre-pull: each kernel has the patches up to its own, and is compared with the base', () => {
  const { kernels } = load(
    prePull({ source: '/l#a', series: ['/1.patch', '/2.patch'], each: true }),
  );
  assert.deepEqual(
    kernels.map(({ patches, base }) => [patches, base]),
    [
      [[], undefined],
      [['/1.patch'], 'base'],
      [['/1.patch', '/2.patch'], 'base'],
    ],
  );
});

test('a generator gets the options, may be async and typed; paths are relative to its file', async () => {
  const text = `import type { Generator } from 'busyguest/generators';
    interface More { readonly count: number }
    const make: Generator = async ({ source = [] }) => ({ ...${valid}, name: source[0]! });
    export default make satisfies Generator;`;
  const data = await runGenerator('/lab/x.job.ts', text, { source: ['abc'] });
  const matrix = load(data);
  assert.equal(matrix.name, 'abc');
  assert.equal(matrix.kernels[0]?.source, '/lab/tree');
});

test('a generator can import what is built in, Node.js, and a file beside it', async (context) => {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'limits.mjs'), 'export const name = "beside";\n');
  const text = `import { bisectStep } from 'busyguest/generators';
    import { basename } from 'node:path';
    import { name } from './limits.mjs';
    export default () => ({ ...bisectStep({ source: basename('/a/tree') }), name });`;
  const data = (await runGenerator(join(dir, 'x.job.ts'), text, {})) as MatrixInput;
  assert.equal(data.name, 'beside');
  assert.equal(
    load(data, pathToFileURL(dir).pathname + '/x.job.ts').kernels[0]?.source,
    join(dir, 'tree'),
  );
});

test('the one that ships', async () => {
  const file = join(jobs, 'follow.job.ts');
  const text = await readFile(file, 'utf8');
  const data = await runGenerator(file, text, {
    source: ['debian:linux-source'],
    device: ['qemu-powernv8'],
  });
  assert.equal(load(data).jobs.length, 4);
  await assert.rejects(runGenerator(file, text, {}), /follow\.job\.ts: say what to follow/);
});

test('mistakes: syntax with its place, no generator, what it throws, what it makes', async () => {
  const syntax = await refused('export default () => ({\n  name: }\n', /Expression expected/);
  assert.deepEqual(syntax.problems[0]?.at, { file: '/lab/x.job.ts', line: 2, column: 9 });
  await refused('export const generator = 1;', /no generator is exported by default/);
  await refused(
    "export default () => { throw new Error('no lab today'); }",
    /x\.job\.ts: no lab today/,
  );
  await refused("import 'nowhere-at-all'; export default () => 1;", /nowhere-at-all/);
  await refused('export default () => undefined;', /x\.job\.ts: .*expected a map/);
  await refused(
    `export default () => ({ ...${valid}, devices: ['qemu-powernv7'], kernel: [] });`,
    /x\.job\.ts: devices\[0\]: unknown device "qemu-powernv7"; did you mean/,
  );
  await refused(`export default () => ({ ...${valid}, kernel: [] });`, /unknown key "kernel"/);
});
