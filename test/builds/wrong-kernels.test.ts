// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { RunResult } from '../../src/model/result.js';
import { busyguest, folder, latest, project, type Outcome } from '../integration/cli.js';
import { bothKernels, fix, hungDevice, limit, oneJob, runMatrix } from '../integration/matrix.js';

/** Runs one kernel on one device; `kernel` and `device` are lines of a job matrix. */
async function runOne(
  context: TestContext,
  kernel: string,
  device = 'qemu-pseries-p9',
  rest = '',
): Promise<{ outcome: Outcome; run: RunResult }> {
  const dir = await folder(context);
  const file = await oneJob(join(dir, 'one'), kernel, device, rest);
  const outcome = await busyguest('run', file, '--results', dir, '--quiet', '--fresh');
  return { outcome, run: await latest(dir) };
}

const fixture = (path: string): string => join(project, 'test', 'fixtures', path);
const fragment = (name: string): string =>
  `    config: [minimal, ${fixture(`config/${name}.config`)}]`;

test('a kernel without KVM and without CFS_BANDWIDTH: SKIP, and both are named', async (context) => {
  const { outcome, run } = await runOne(context, fragment('no-kvm-no-bandwidth'));
  const [job] = run.jobs;
  assert.equal(job?.status, 'SKIP', job?.reason);
  assert.match(job?.reason ?? '', /\/dev\/kvm/);
  assert.match(job?.reason ?? '', /CONFIG_CFS_BANDWIDTH/);
  assert.equal(outcome.code, 4);
});

test('a kernel that panics at boot: FAIL, the fault and the phase named', async (context) => {
  const { outcome, run } = await runOne(context, '    command-line: [rdinit=/none]');
  const [job] = run.jobs;
  assert.equal(job?.status, 'FAIL', job?.reason);
  assert.equal(job?.decidedBy, 'fault');
  assert.match(job?.reason ?? '', /panic|no-init/);
  assert.match(job?.reason ?? '', /boot/);
  assert.equal(outcome.code, 1);
});

test('a kernel that hangs: ERROR, the phase named, and the machine ended', async (context) => {
  const { outcome, run } = await runOne(context, '', hungDevice, 'timeouts: {boot-s: 3}\n');
  const [job] = run.jobs;
  assert.equal(job?.status, 'ERROR', job?.reason);
  assert.match(job?.reason ?? '', /^boot: no start of the test within 3 s/);
  assert.equal(outcome.code, 69);
});

test('a fix of the POWER9 loop alone: no effect on powernv8, overall not fixed', async (context) => {
  const half = {
    name: 'half',
    source: 'debian:linux-source',
    fix: 'absent',
    patches: [fixture('patches/power9-loop-only.patch')],
    base: 'unpatched',
    expect: 'PASS',
  };
  const { outcome, run } = await runMatrix(context, {
    name: 'half',
    fix,
    kernels: [bothKernels[0], half],
    devices: ['qemu-pseries-p9', 'qemu-powernv8', 'qemu-powernv9'],
    tests: [{ name: 'busy-guest', ...limit, seconds: 3 }],
  });
  assert.deepEqual(
    run.verdicts.map(({ device, verdict }) => `${device} ${verdict}`),
    ['qemu-pseries-p9 fixed', 'qemu-powernv8 no-effect', 'qemu-powernv9 fixed'],
  );
  assert.equal(run.overall, 'no-effect');
  assert.equal(outcome.code, 1);
});

test('a kernel that does not compile: a case "build" that fails in every report, and the rest goes on', async (context) => {
  const broken = {
    name: 'broken',
    source: 'debian:linux-source',
    patches: [fixture('patches/does-not-compile.patch')],
  };
  const kcidb = join(await folder(context), 'kcidb.json');
  const { dir, outcome, run } = await runMatrix(
    context,
    {
      name: 'broken',
      fix,
      kernels: [broken, { name: 'good', source: 'debian:linux-source', fix: 'present' }],
      devices: ['qemu-pseries-p9'],
      tests: [{ name: 't', ...limit, seconds: 1 }],
    },
    ...['--report', `kcidb=${kcidb}`],
  );
  const { stdout } = outcome;
  assert.equal(outcome.code, 1);
  const { jobs } = run;
  assert.deepEqual(
    jobs.map(({ kernel, status, decidedBy }) => `${kernel} ${status} ${decidedBy}`),
    ['broken FAIL build', 'good PASS cases'],
  );
  const error = /^\S*asm-offsets\.c:1:2: error: #error planted by a test/;
  assert.deepEqual(
    jobs[0]?.cases.map(({ name, status }) => `${name} ${status}`),
    ['build FAIL'],
  );
  assert.match(jobs[0]?.reason ?? '', error);
  assert.match(jobs[0]?.cases[0]?.reason ?? '', error);
  assert.match(jobs[0]?.facts['toolchain'] ?? '', /gcc/);

  const read = (name: string): Promise<string> => readFile(join(dir, 'latest', name), 'utf8');
  const log = 'broken-qemu-pseries-p9-t/build.log';
  assert.match(await read(log), /#error planted by a test[^]*\*\*\*/);
  assert.match(stdout, /broken +FAIL[^]*#error planted by a test[^]*broken-\S+\/build\.log/);
  const tap = await read('results.tap');
  assert.match(tap, /^ {4}not ok 1 - build\n[^]*?reason: \S*asm-offsets\.c:1:2: error/m);
  assert.match(
    await read('junit.xml'),
    /<testcase [^>]*name="build"[^>]*>\s*<failure message="\S*asm-offsets\.c:1:2: error/,
  );
  assert.ok((await read('report.html')).includes(`href="${log}"`));
  const report = JSON.parse(await readFile(kcidb, 'utf8')) as {
    builds: { id: string; status: string; comment?: string; log_excerpt?: string }[];
  };
  const build = report.builds.find(({ id }) => id.endsWith('/broken'));
  assert.equal(build?.status, 'FAIL');
  assert.match(build?.comment ?? '', error);
  assert.match(build?.log_excerpt ?? '', /#error planted by a test/);
});
