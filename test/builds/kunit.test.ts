// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { busyguest, folder, latest, project } from '../integration/cli.js';

const patch = join(project, 'test/fixtures/patches/int-pow-of-zero.patch');
const source = 'source: debian:linux-source';

test('a series that breaks a KUnit test is regressed, and the test is named', async (context) => {
  const dir = await folder(context);
  const file = join(dir, 'm.yaml');
  const kernels = `{ name: base, ${source} }, { name: broken, ${source}, base: base, patches: [${patch}] }`;
  await writeFile(
    file,
    `name: m\nkernels: [${kernels}]\ndevices: [qemu-pseries-p9]\ntests: [{ name: units, kunit: true }]\n`,
  );
  const outcome = await busyguest('run', file, '--results', dir, '--quiet');
  const { verdicts, jobs, overall } = await latest(dir);
  assert.equal(overall, 'regressed', jobs.map(({ reason }) => reason).join('\n'));
  const newlyBroken = verdicts[0]?.newlyBroken ?? [];
  const broken = 'math-int_pow/int_pow_test/Power of zero';
  assert.ok(newlyBroken.includes(broken), newlyBroken.join('\n'));
  assert.ok(!newlyBroken.some((name) => !broken.startsWith(name)));
  const [base] = jobs;
  // Linux 7.2 has a fault in one of them, on both kernels: it hides nothing.
  const passed = base?.cases.filter(({ status }) => status === 'PASS') ?? [];
  // Linux 7.2 with the config minimal has some hundred.
  assert.ok(passed.length > 100, `${passed.length} passed: ${base?.reason}`);
  assert.equal(outcome.code, 1);
});
