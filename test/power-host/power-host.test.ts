// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { JobResult } from '../../src/model/result.js';
import { cacheDir } from '../../src/system/files.js';
import { latest, metric } from '../integration/cli.js';
import { busyguestDisk, there } from './busyguest-disk.js';
import {
  onHost,
  whyNoHost,
  type Commands,
  type EmulatedHost,
  type HostRun,
} from './emulated-host.js';
import { hostSystem, type HostSystem } from './host-system.js';

// Nothing is fetched there: the disk brings the packages, the kernels and the test's programs.
const dir = cacheDir('test', 'power-host-runs');
let system: HostSystem;
let disk: string;
before(async () => {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  system = await hostSystem();
  disk = await busyguestDisk(dir, system);
});

const limit = { name: 'busy-guest', 'quota-us': 30_000, 'period-us': 100_000, seconds: 2 };

/** Both kernels of ours on a device. JSON is YAML. */
const bothKernels = (device: string): string =>
  JSON.stringify({
    name: 'both',
    kernels: [
      { name: 'unpatched', package: [`${there}/kernels/vmlinux-unpatched`], expect: 'FAIL' },
      {
        name: 'patched',
        package: [`${there}/kernels/vmlinux-patched`],
        base: 'unpatched',
        expect: 'PASS',
      },
    ],
    devices: [device],
    tests: [limit],
    // The host is an emulated machine.
    timeouts: { 'boot-s': 1800, 'test-s': 3600 },
  });
const running = (expect: string, vcpus = 1): string =>
  JSON.stringify({
    name: 'running',
    kernels: [{ name: 'running', source: 'running', expect }],
    devices: ['local'],
    tests: [{ ...limit, vcpus }],
    timeouts: { 'test-s': 3600 },
  });

const runOf = (name: string): string =>
  `busyguest run /mnt/${name}.yaml --results /tmp/results/${name} --verbose`;

async function host(
  name: string,
  of: Omit<EmulatedHost, 'cpus'> & { readonly cpus?: number },
  files: Readonly<Record<string, string>>,
  commands: Commands,
): Promise<HostRun & { readonly results: string }> {
  const folder = join(dir, name);
  const run = await onHost(folder, { cpus: 1, ...of }, [system.disk, disk], files, commands);
  const seconds = [...run.answers].map(([of, { seconds }]) => `${of} ${Math.round(seconds)} s`);
  process.stdout.write(
    `${name}: ${Math.round(run.cpuSeconds)} CPU s, ${Math.round(run.wallSeconds)} s of wall time, ${Math.round(run.peakBytes / 1e6)} MB; of the host's time: ${seconds.join(', ')}\n`,
  );
  return { ...run, results: join(folder, 'results') };
}

/** What a command printed, with its exit code as the test wants it. */
function said(run: HostRun, command: string, code = 0): string {
  const answer = run.answers.get(command);
  assert.equal(
    answer?.code,
    code,
    `${answer?.stdout.slice(-3000)}\n${answer?.stderr.slice(-3000)}`,
  );
  return answer?.stdout ?? '';
}

/** Both kernels of ours under KVM, in a run that `run` made. */
async function assertFixed(results: string, device: string): Promise<void> {
  const result = await latest(results);
  assert.deepEqual(
    result.jobs.map(({ kernel, status }) => [kernel, status]),
    [
      ['unpatched', 'FAIL'],
      ['patched', 'PASS'],
    ],
    result.jobs.map(({ reason }) => reason).join('\n'),
  );
  assert.equal(result.overall, 'fixed');
  for (const job of result.jobs) {
    assert.equal(job.facts['device_used'] ?? job.device, device);
    assert.equal(job.deviceFacts?.['accel'], 'kvm');
    const ratio = metric(job, 'busy_guest_obeys_quota', 'overrun_ratio');
    if (job.kernel === 'patched') assert.ok(ratio < 1.1, String(ratio));
    else assert.ok(ratio > 2, String(ratio));
  }
}

async function assertLocal(run: HostRun & { results: string }, status: string): Promise<JobResult> {
  said(run, 'local');
  const [job] = (await latest(join(run.results, 'local'))).jobs;
  assert.equal(job?.status, status, job?.reason);
  return job;
}

const statuses = [
  ['broken', 'FAIL'],
  ['right', 'PASS'],
] as const;

// Each has one CPU, and time that counts instructions: two at once see the same as one after the other.
describe('hosts with one CPU', { concurrency: 2 }, () => {
  test('powernv9, a kernel of Debian with the bug: devices, KVM in place of TCG, local', async () => {
    const run = await host(
      'powernv9',
      { device: 'qemu-powernv9', kernel: system.broken },
      { 'both.yaml': bothKernels('qemu-pseries-p9'), 'local.yaml': running('FAIL') },
      {
        devices: 'busyguest devices',
        both: runOf('both'),
        local: runOf('local'),
      },
    );
    const devices = said(run, 'devices');
    assert.match(devices, /^qemu-pseries-p9 +can run; kvm-pseries-p9 takes its place\n/m);
    assert.match(devices, /^kvm-pseries-p9 +can run\n.*\n +cap-cfpc=broken: /m);
    assert.match(devices, /^ +cap-hpt-max-page-size=4k: the host has pages of 4 KiB/m);
    assert.match(devices, /^kvm-pseries-p10 +cannot: this host is POWER9/m);
    assert.match(devices, /^local +can run\n/m);
    said(run, 'both');
    await assertFixed(join(run.results, 'both'), 'kvm-pseries-p9');
    const job = await assertLocal(run, 'FAIL');
    assert.match(job.deviceFacts?.['machine_model'] ?? '', /PowerNV \(emulated by qemu\)/);
  });

  test('powernv9, a right kernel of Debian: local, the same kernel as a package through KVM, make run_tests', async () => {
    const run = await host(
      'powernv9-right',
      { device: 'qemu-powernv9', kernel: system.right },
      { 'local.yaml': running('PASS') },
      {
        local: runOf('local'),
        qualify: `busyguest qualify ${there}/kernels/right.deb --device kvm-pseries-p9 --seconds 2 --results /tmp/results/qualify`,
        // Without the cases of the full suite.
        make: `env -u CROSS_COMPILE make -C ${there}/busyguest/guest-images run_tests TESTS=busy-guest`,
      },
    );
    await assertLocal(run, 'PASS');
    said(run, 'qualify');
    const [qualified] = (await latest(join(run.results, 'qualify'))).jobs;
    assert.equal(qualified?.status, 'PASS', qualified?.reason);
    assert.equal(qualified.deviceFacts?.['accel'], 'kvm');
    assert.equal(qualified.facts['kernel_release'], system.right.release);
    assert.match(said(run, 'make'), /^ok 1 selftests: busy-guest: busy-guest$/m);
  });

  test('powernv9 with pages of 64 KiB: devices, KVM in place of TCG, local', async () => {
    const run = await host(
      'powernv9-64k',
      { device: 'qemu-powernv9', kernel: system.pages64 },
      { 'both.yaml': bothKernels('qemu-pseries-p9'), 'local.yaml': running('FAIL') },
      { devices: 'busyguest devices', both: runOf('both'), local: runOf('local') },
    );
    const devices = said(run, 'devices');
    assert.match(devices, /^kvm-pseries-p9 +can run\n.*\n +cap-cfpc=broken: /m);
    assert.doesNotMatch(devices, /cap-hpt-max-page-size/);
    said(run, 'both');
    await assertFixed(join(run.results, 'both'), 'kvm-pseries-p9');
    const job = await assertLocal(run, 'FAIL');
    assert.equal(job.payloadFacts?.['page_size'], '65536');
  });

  for (const cpu of [10, 11]) {
    const machine = `powernv${cpu}`;
    test(`${machine}: KVM of POWER${cpu}`, async (t) => {
      const why = await whyNoHost(`qemu-${machine}`);
      if (why.length > 0) {
        t.skip(why.join('; '));
        return;
      }
      const run = await host(
        machine,
        { device: `qemu-${machine}`, kernel: system.broken },
        { 'both.yaml': bothKernels(`kvm-pseries-p${cpu}`) },
        { both: runOf('both') },
      );
      said(run, 'both');
      await assertFixed(join(run.results, 'both'), `kvm-pseries-p${cpu}`);
    });
  }

  for (const device of ['qemu-pseries-p9', 'qemu-pseries-papr-p10']) {
    for (const [kernel, status] of statuses) {
      test(`${device}, a ${kernel} kernel: local works around QEMU's faults`, async () => {
        const run = await host(
          `${device}-${kernel}`,
          { device, kernel: system[kernel] },
          { 'local.yaml': running(status) },
          { local: runOf('local') },
        );
        const job = await assertLocal(run, status);
        assert.equal(job.payloadFacts?.['hcall_us'], '1000');
      });
    }
  }

  test('qemu-pseries-p9: KVM in an emulated partition is not used', async () => {
    const run = await host(
      'qemu-pseries-p9-devices',
      { device: 'qemu-pseries-p9', kernel: system.right },
      {},
      { devices: 'busyguest devices' },
    );
    const devices = said(run, 'devices');
    assert.match(devices, /^kvm-pseries-p9 +cannot: this host is a partition that QEMU emulates/m);
    assert.match(devices, /^qemu-pseries-p9 +can run\n/m);
  });
});

for (const [kernel, status] of statuses) {
  test(`powernv9 with two CPUs, in real time, a ${kernel} kernel: local, a guest of two vCPUs`, async () => {
    const run = await host(
      `powernv9-smp-${kernel}`,
      { device: 'qemu-powernv9', kernel: system[kernel], cpus: 2 },
      { 'local.yaml': running(status, 2) },
      { local: runOf('local') },
    );
    await assertLocal(run, status);
  });
}
