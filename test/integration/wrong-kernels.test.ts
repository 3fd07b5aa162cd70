// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { RunResult } from '../../src/model/result.js';
import { busyguest, folder, latest, project, type Outcome } from './cli.js';

/** Runs one kernel on one device; `kernel` and `device` are lines of a job matrix. */
async function runOne(
  context: TestContext,
  kernel: string,
  device = 'qemu-pseries-p9',
  rest = '',
): Promise<{ outcome: Outcome; run: RunResult }> {
  const dir = await folder(context);
  const file = join(dir, 'one.yaml');
  const text = `name: one
fix:
  add: ${project}/jobs/patches/kvm-hv-xfer-to-guest
  remove: [${project}/jobs/patches/remove-kvm-hv-xfer-to-guest]
kernels:
  - name: k
    source: debian:linux-source
    fix: present
    expect: PASS
${kernel}
devices: [${device}]
tests: [{name: t, quota-us: 30000, period-us: 100000, seconds: 1}]
${rest}`;
  await writeFile(file, text);
  const outcome = await busyguest('run', file, '--results', dir, '--quiet', '--fresh');
  return { outcome, run: await latest(dir) };
}

const fragment = (name: string): string =>
  `    config: [minimal, ${project}/test/fixtures/config/${name}.config]`;
const described = (extra: string): string =>
  `{name: d, machine: "pseries,cap-nested-hv=on,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off", cpu: POWER9, memory-mb: 1024, smp: 1, accel: tcg, console: hvc0, extra-args: [${extra}]}`;

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
  const { outcome, run } = await runOne(context, '', described('"-S"'), 'timeouts: {boot-s: 3}\n');
  const [job] = run.jobs;
  assert.equal(job?.status, 'ERROR', job?.reason);
  assert.match(job?.reason ?? '', /^boot: no start of the test within 3 s/);
  assert.equal(outcome.code, 69);
});

test('a fix of the POWER9 loop alone: no effect on powernv8, overall not fixed', async (context) => {
  const dir = await folder(context);
  const file = join(dir, 'half.yaml');
  await writeFile(
    file,
    `name: half
fix:
  add: ${project}/jobs/patches/kvm-hv-xfer-to-guest
  remove: [${project}/jobs/patches/remove-kvm-hv-xfer-to-guest]
kernels:
  - {name: unpatched, source: "debian:linux-source", fix: absent, expect: FAIL}
  - {name: half, source: "debian:linux-source", fix: absent, patches: [${project}/test/fixtures/patches/power9-loop-only.patch], base: unpatched, expect: PASS}
devices: [qemu-pseries-p9, qemu-powernv8, qemu-powernv9]
tests: [{name: busy-guest, quota-us: 30000, period-us: 100000, seconds: 3}]
`,
  );
  const outcome = await busyguest('run', file, '--results', dir, '--quiet');
  const run = await latest(dir);
  assert.deepEqual(
    run.verdicts.map(({ device, verdict }) => `${device} ${verdict}`),
    ['qemu-pseries-p9 fixed', 'qemu-powernv8 no-effect', 'qemu-powernv9 fixed'],
  );
  assert.equal(run.overall, 'no-effect');
  assert.equal(outcome.code, 1);
});
