// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Boot } from '../../src/devices/device.js';
import { lavaRunDevice } from '../../src/devices/lava/lava-run-device.js';
import { qemuDevice } from '../../src/devices/qemu/qemu-device.js';
import { machineOf } from '../../src/devices/registry.js';
import { qemuMachines } from '../../src/architectures/architectures.js';
import type { LavaBoot } from '../../src/labs/lava/boot-methods.js';
import { lavaDefaults } from '../../src/pipeline/lava/job.js';
import { LavaRunLab } from '../../src/pipeline/lava/lab.js';
import { jobOn } from './labs-sample.js';

const { signal } = new AbortController();
const nothingBooted: Boot = {
  kernel: '',
  initramfs: '',
  commandLine: [],
  payloadArgs: [],
  cpus: 1,
};
const ownKvm = machineOf({
  name: 'own',
  machine: 'pseries',
  memoryMb: 1024,
  smp: 1,
  accel: 'kvm',
  icount: false,
  devices: [],
  extraArgs: [],
  console: 'hvc0',
});

test('no result of KVM is known by its inputs, whoever starts the machine', async () => {
  const machines = [...qemuMachines.filter(({ accel }) => accel === 'kvm'), ownKvm];
  assert.ok(machines.length > 1);
  for (const machine of machines) {
    assert.equal(await qemuDevice(machine).inputs(nothingBooted), undefined, machine.name);
    assert.equal(await lavaRunDevice(machine).inputs(nothingBooted), undefined, machine.name);
  }
});

/** What a device of a lab says that the job's result depends on. */
async function inputsInLab(
  context: TestContext,
  boot: LavaBoot,
  device: string,
): Promise<string | undefined> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  const files = { kernel: join(dir, 'vmlinux'), initramfs: join(dir, 'initramfs.cpio') };
  for (const path of Object.values(files)) await writeFile(path, 'x');
  const booted = { ...nothingBooted, ...files };
  const options = {
    ...lavaDefaults,
    boot,
    identity: { url: 'https://lava.example.org', token: 't' },
    runId: 'r',
    publish: { kind: 'folder', dir: join(dir, 'www'), url: 'https://files.example.org/' },
    queueMs: 1,
  } as const;
  await using place = new LavaRunLab(options, dir, signal, () => {});
  await place.publish([booted], signal);
  return await place.deviceOf(jobOn(device), dir).inputs(booted);
}

test('no result of a real machine of a lab is known by its inputs, nor of KVM there', async (context) => {
  for (const boot of ['petitboot', 'kexec', 'ssh', 'minimal'] as const) {
    assert.equal(await inputsInLab(context, boot, 'qemu-pseries-p9'), undefined, boot);
  }
  assert.equal(await inputsInLab(context, 'qemu', 'kvm-pseries-p10'), undefined);
  assert.match((await inputsInLab(context, 'qemu', 'qemu-pseries-p9')) ?? '', /^[0-9a-f]+$/);
});
