// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertWhole, busyguest, folder, latest, project, start } from './cli.js';
import { mounted, rootOnly } from './mount.js';
import { qemuPath } from './qemu-path.js';

const one = ['--filter', 'kernel=patched,device=qemu-pseries-p9', '--fresh', '--quiet'];
/** The smoke matrix with other deadlines. */
async function matrixWith(dir: string, timeouts: string): Promise<string> {
  const text = await readFile(join(project, 'jobs/smoke.yaml'), 'utf8');
  await symlink(join(project, 'jobs/patches'), join(dir, 'patches'));
  const file = join(dir, 'm.yaml');
  await writeFile(file, `${text}timeouts: {${timeouts}}\n`);
  return file;
}

/** A program that answers questions as QEMU does and is something else when it is to boot. */
async function falseQemu(dir: string, boots: string): Promise<Record<string, string>> {
  const file = join(dir, 'qemu-system-ppc64');
  const asked = `case " $* " in *" -kernel "*) ;; *) exec ${await qemuPath()} "$@";; esac`;
  await writeFile(file, `#!/bin/sh\n${asked}\n${boots}\n`);
  await chmod(file, 0o755);
  return { BUSYGUEST_QEMU: file };
}

const machines: readonly (readonly [string, string, RegExp])[] = [
  ['prints 3 MB of noise and ends', 'head -c 3000000 /dev/urandom', /before the test started/],
  ['prints noise for ever', 'exec cat /dev/urandom', /no start of the test within 3 s/],
];
for (const [what, boots, reason] of machines) {
  test(`a machine that ${what}: never PASS, exit 69`, async (context) => {
    const results = await folder(context);
    const file = await matrixWith(results, 'boot-s: 3, test-s: 3');
    const env = await falseQemu(results, boots);
    const { code, stderr } = await start(['run', file, '--results', results, ...one], env).ended;
    const [job] = (await latest(results)).jobs;
    assert.ok(job && job.status !== 'PASS' && job.status !== 'FAIL', job?.reason);
    assert.match(job.reason, reason);
    assert.equal(code, 69, stderr);
    await assertWhole(results);
  });
}

test('the date jumps by a day while a machine runs: no deadline passes, the result is the same', async (context) => {
  const results = await folder(context);
  const jump = join(results, 'jump.mjs');
  await writeFile(
    jump,
    `const now = Date.now;
     let calls = 0;
     Date.now = () => now() + (calls++ % 3 === 0 ? 86_400_000 : calls % 3 === 1 ? -86_400_000 : 0);\n`,
  );
  const args = ['run', 'jobs/smoke.yaml', '--results', results, ...one];
  const { code, stderr } = await start(args, { NODE_OPTIONS: `--import=${jump}` }).ended;
  assert.equal(code, 0, stderr);
  assert.equal((await latest(results)).jobs[0]?.status, 'PASS');
});

test('results that cannot be written: said at once, exit 69', rootOnly, async (context) => {
  const readOnly = await mounted(context, 'ro');
  if (readOnly === undefined) return;
  const { code, stderr } = await busyguest('run', 'jobs/smoke.yaml', '--results', readOnly, ...one);
  assert.equal(code, 69, stderr);
  assert.match(stderr, /read-only file system/);
  assert.match(stderr, /what to do: choose another folder by BUSYGUEST_CACHE or --results/);
});

test('two runs at once on one cache and one results folder: both whole', async (context) => {
  const results = await folder(context);
  const run = (): Promise<{ code: number | null; stderr: string }> =>
    busyguest('run', 'jobs/smoke.yaml', '--results', results, ...one);
  const both = await Promise.all([run(), run()]);
  for (const { code, stderr } of both) assert.equal(code, 0, stderr);
  const runs = (await readdir(results)).filter(
    (name) => name.endsWith('-smoke') || /smoke-2$/.test(name),
  );
  assert.equal(runs.length, 2);
  const texts = runs.map((name) =>
    readFile(join(results, name, 'patched-qemu-pseries-p9-busy-guest/console.log')),
  );
  const [a, b] = await Promise.all(texts);
  assert.ok(a && b && a.equals(b));
  await latest(results);
  await assertWhole(results);
});

test('results of another schema, or damaged: named, not read, and in nobody’s way', async (context) => {
  const results = await folder(context);
  const old = join(results, '20200101-000000-old');
  await mkdir(old);
  await writeFile(join(old, 'results.json'), '{"schema": 0, "tests": []}');
  await mkdir(join(results, '20200102-000000-cut'));
  await writeFile(join(results, '20200102-000000-cut/results.json'), '{"schema": 1, "jo');
  await writeFile(join(results, 'index.json'), '{"format": -1');
  const run = await busyguest(
    'run',
    'jobs/smoke.yaml',
    '--results',
    results,
    '--quiet',
    ...one.slice(0, 2),
  );
  assert.equal(run.code, 0, run.stderr);
  const page = await readFile(join(results, 'index.html'), 'utf8');
  assert.match(page, /20200101-000000-old/);
  assert.match(page, /schema 0/);
  const shown = await busyguest('report', old);
  assert.equal(shown.code, 65);
  assert.match(shown.stderr, /schema 0; this busyguest reads schema 1 and 2/);
  assert.equal((await busyguest('report', join(results, '20200102-000000-cut'))).code, 65);
});
