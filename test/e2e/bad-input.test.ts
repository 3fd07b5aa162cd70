// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { busyguest, folder, latest, project, start } from '../integration/cli.js';

const kernel = `
kernels:
  - {name: k, source: "debian:linux-source", expect: PASS, patches: [PATCH]}
devices: [qemu-pseries-p9]
tests: [{name: t, quota-us: 30000, period-us: 100000}]
`;

test('five mistakes in a job file show five positions, exit 65', async (context) => {
  const file = join(await folder(context), 'bad.yaml');
  await writeFile(
    file,
    `name: bad
kernels:
  - {name: k, source: "debian:linux-source", expect: FIAL}
devices: [qemu-pseries-p99]
tests:
  - name: t
    quota-us: 10
    period-us: 100000
    secnods: 3
nonsense: 1
`,
  );
  const { code, stderr } = await busyguest('run', file);
  assert.equal(code, 65);
  const places = [...stderr.matchAll(/bad\.yaml:(\d+):(\d+): /g)].map((match) => match[1]);
  assert.deepEqual(places, ['3', '4', '7', '9', '10']);
  assert.match(stderr, /did you mean "FAIL"/);
  assert.match(stderr, /did you mean "seconds"/);
});

test('a file that is not there, an unknown command, an unknown option: exit 64', async () => {
  for (const args of [['run', 'no-such-file.yaml'], ['rnu'], ['run', '--nonsense'], ['run']]) {
    const { code, stderr } = await busyguest(...args);
    assert.equal(code, 64, args.join(' '));
    assert.notEqual(stderr, '');
  }
});

test('a patch that does not apply: the job is ERROR, with the hunk and the reject, exit 65', async (context) => {
  const dir = await folder(context);
  await writeFile(
    join(dir, 'wrong.patch'),
    '--- a/Makefile\n+++ b/Makefile\n@@ -1,3 +1,3 @@\n this\n-is not\n+is\n there\n',
  );
  await writeFile(join(dir, 'm.yaml'), `name: m${kernel.replace('PATCH', 'wrong.patch')}`);
  const { code } = await busyguest('run', join(dir, 'm.yaml'), '--results', dir, '--quiet');
  const [job] = (await latest(dir)).jobs;
  assert.equal(job?.status, 'ERROR');
  assert.match(job?.reason ?? '', /wrong\.patch does not apply/);
  assert.match(job?.reason ?? '', /patch failed: Makefile:1\n/);
  assert.match(job?.reason ?? '', /-is not/);
  assert.equal(code, 65);
});

test('a tree that is no kernel or is not there, a branch, a patch, a config that is not: a line, no job, exit 65', async (context) => {
  const dir = await folder(context);
  await mkdir(join(dir, 'tree'));
  await writeFile(join(dir, 'm.yaml'), `name: m${kernel.replace('PATCH', 'no-such.patch')}`);
  const config = kernel.replace('patches: [PATCH]', 'config: [no-such]');
  await writeFile(join(dir, 'c.yaml'), `name: c${config}`);
  for (const [words, wanted] of [
    ['jobs/smoke.yaml --tree DIR/tree', /tree: not a kernel tree: Makefile .*, Kconfig .* missing/],
    ['jobs/smoke.yaml --tree DIR/nowhere', /nowhere: no such folder/],
    [`jobs/smoke.yaml --tree ${project}#mian`, /no commit "mian"/],
    ['DIR/m.yaml', /no-such\.patch: no patches/],
    ['DIR/c.yaml', /config fragment no-such: no file/],
  ] as const) {
    const args = words.replaceAll('DIR', dir).split(' ');
    const { code, stderr, stdout } = await busyguest('run', ...args, '--results', join(dir, 'r'));
    assert.equal(code, 65, words);
    assert.match(stderr, wanted);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.equal(stdout, '');
  }
  assert.deepEqual((await readdir(dir)).sort(), ['c.yaml', 'm.yaml', 'tree'], 'a folder of a run');
});

test('a missing compiler: which, and what to do, exit 69', async (context) => {
  const dir = await folder(context);
  const args = ['run', 'jobs/smoke.yaml', '--results', dir, '--quiet'];
  const { code, stderr } = await start(args, { CROSS_COMPILE: 'no-such-prefix-' }).ended;
  assert.equal(code, 69);
  assert.match(stderr, /no-such-prefix-gcc is missing/);
  assert.match(stderr, /busyguest doctor/);
});

test('plan tells what would be done, and does nothing', async () => {
  const before = await readdir(join(project, 'results'));
  const { code, stdout } = await busyguest('plan', 'jobs/smoke.yaml');
  assert.equal(code, 0);
  assert.match(stdout, /smoke: 4 jobs/);
  assert.match(stdout, /kernel unpatched: (in the cache|to be built)/);
  assert.match(stdout, /estimate: about \d[\d: s]* \(\d+ builds, \d+ jobs; /);
  assert.deepEqual(await readdir(join(project, 'results')), before);
});

test('parse turns a KTAP log into TAP, JUnit and JSON; exit 1 when a case failed', async (context) => {
  const file = join(await folder(context), 'log');
  await writeFile(file, '[    1.0] booted\nKTAP version 1\n1..3\nok 1 a\nnot ok 2 b\n');
  const tap = await busyguest('parse', file);
  assert.equal(tap.code, 1);
  assert.match(tap.stdout, /^TAP version 14/);
  const junit = await busyguest('parse', file, '--to', 'junit');
  assert.match(junit.stdout, /<failure/);
  const { stdout } = await busyguest('parse', file, '--to', 'json');
  const { cases } = JSON.parse(stdout) as { cases: { status: string }[] };
  assert.deepEqual(
    cases.map(({ status }) => status),
    ['PASS', 'FAIL', 'MISS'],
  );
});

test('parse of a log without a result says what is wrong with it, exit 65', async (context) => {
  const dir = await folder(context);
  for (const [text, wanted] of [
    ['', /it is empty/],
    ['[    1.0] booted\n', /no TAP or KTAP result in it/],
    ['TAP version 13\n# booted\n', /no TAP or KTAP result in it/],
  ] as const) {
    await writeFile(join(dir, 'log'), text);
    const { code, stderr, stdout } = await busyguest('parse', join(dir, 'log'));
    assert.equal(code, 65, stderr);
    assert.match(stderr, wanted);
    assert.equal(stdout, '');
  }
});
