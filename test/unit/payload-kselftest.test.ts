// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadMatrix } from '../../src/jobs/load.js';
import { kernelId } from '../../src/model/job.js';
import { bootOf } from '../../src/pipeline/boot.js';
import { lacksForImage, otherRecipes } from '../../src/pipeline/images.js';
import { usedKernels } from '../../src/pipeline/used-kernels.js';
import { recipeKey } from '../../src/payload/image-recipe.js';

const matrix = (tests: string, kernels = '{ name: k, source: ./linux }') =>
  loadMatrix('/lab/m.yaml', `name: m\nkernels: [${kernels}]\ndevices: [d]\ntests: [${tests}]\n`, {
    knownDevices: ['d'],
  });
const limit = '{ name: limit, quota-us: 30000 }';
const cgroup = '{ name: cgroup, kselftest: [cgroup:test_cpu, powerpc/math] }';

test('a job for each collection or test, whose initramfs holds it', () => {
  const { jobs } = matrix(cgroup);
  assert.deepEqual(
    jobs.map(({ name }) => name),
    ['k-d-cgroup-cgroup-test_cpu', 'k-d-cgroup-powerpc-math'],
  );
  const [first] = jobs;
  assert.ok(first);
  const recipe = { kind: 'selftests', tests: ['cgroup:test_cpu'] } as const;
  const image = { image: { initramfs: 'ours', key: '' }, facts: {} };
  const otherImages = new Map([[recipeKey(recipe), image]]);
  const kernel = { image: 'k', initramfs: 'usual', commandLine: [], otherImages, facts: {} };
  const boot = bootOf(first, kernel);
  assert.deepEqual([boot.initramfs, boot.payloadArgs], ['ours', []]);
});

test("a kernel is built once more for selftests, with the tree's own fragments for all of them", () => {
  const m = matrix(`${limit}, ${cgroup}`);
  assert.deepEqual(usedKernels(m).map(kernelId), ['k', 'k for kselftest']);
  const built = usedKernels(m)[1];
  assert.ok(built);
  assert.deepEqual(built.config, ['minimal', 'kselftest']);
  assert.deepEqual(built.treeConfig, [
    'tools/testing/selftests/cgroup/config',
    'tools/testing/selftests/powerpc/config',
    'tools/testing/selftests/powerpc/math/config',
  ]);
  assert.equal(otherRecipes(m, built).length, 2);
  const [plain] = m.kernels;
  assert.ok(plain);
  assert.deepEqual(otherRecipes(m, plain), []);
  assert.equal(m.jobs.find(({ test: { name } }) => name === 'limit')?.kernel, plain);
});

test('a kernel that is not built has no selftests: its jobs are skipped, and say why', () => {
  const m = matrix(cgroup, '{ name: k, package: debian:linux-image-powerpc64le }');
  const [job] = m.jobs;
  assert.ok(job);
  assert.match(lacksForImage(job).join(), /^a source: kselftest is built from the tree/);
  assert.deepEqual(otherRecipes(m, job.kernel), []);
});

test('a selftest gets the time that its settings may give it, and what the matrix says where it says it', () => {
  const times = (tests: string) => matrix(tests).jobs.map(({ timeouts }) => timeouts.testMs);
  assert.deepEqual(times(`${limit}, ${cgroup}`), [300_000, 1_800_000, 1_800_000]);
  const given = `${limit}, ${cgroup}]\ntimeouts: { test-s: 60 }\nexclude: [`;
  assert.deepEqual(times(given), [60_000, 60_000, 60_000]);
});

test('what is no name of a selftest is refused where it stands', () => {
  for (const name of ['../x', 'cgroup:', 'a b', '-c', '$(id)', '/abs', 'a:b:c', '..:x', '.']) {
    const bad = `{ name: t, kselftest: ['${name}'] }`;
    assert.throws(
      () => matrix(bad),
      /kselftest\[0\]: .* is not COLLECTION or COLLECTION:TEST/,
      name,
    );
  }
  assert.throws(() => matrix('{ name: t, kselftest: [a, a] }'), /a second test with the name/);
  assert.throws(
    () => matrix('{ name: t, kselftest: [a], seconds: 3 }'),
    /"seconds" means nothing for a test of kselftest/,
  );
});

test('KUnit: one job, of a kernel that has the tests in it, and no key of another program', () => {
  const m = matrix(`${limit}, { name: units, kunit: true }`);
  assert.deepEqual(usedKernels(m).map(kernelId), ['k', 'k for kunit']);
  const [, built] = usedKernels(m);
  assert.ok(built);
  assert.deepEqual(built.config, ['minimal', 'kunit']);
  assert.deepEqual(otherRecipes(m, built), [{ kind: 'program', program: 'kunit' }]);
  assert.throws(() => matrix('{ name: t, kunit: false }'), /kunit/);
  assert.throws(
    () => matrix('{ name: t, kunit: true, kselftest: [cgroup] }'),
    /means nothing for a test of k/,
  );
});
