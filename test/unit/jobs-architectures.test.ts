// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceNames, foreignArchitecture } from '../../src/devices/registry.js';
import { loadMatrix } from '../../src/jobs/load.js';
import { kernelId, type Job } from '../../src/model/job.js';
import { usedKernels } from '../../src/pipeline/used-kernels.js';

const devices = 'devices: [qemu-pseries-p9, qemu-x86-q35, lava-run-qemu-arm64-vhe]';
const tests = 'tests: [{name: t, quota-us: 30000}]';

const load = (kernels: string) =>
  loadMatrix('m.yaml', `name: m\nkernels: [${kernels}]\n${devices}\n${tests}\n`, {
    knownDevices: deviceNames(),
    architectureOf: foreignArchitecture,
  });
const jobs = (kernels: string): readonly Job[] => load(kernels).jobs;

test('a source is built once for the architecture of each device', () => {
  const matrix = load('{name: k, source: "debian:linux-source"}');
  assert.deepEqual(
    matrix.jobs.map(({ kernel }) => kernel.architecture),
    [undefined, 'x86', 'arm64'],
  );
  assert.deepEqual(usedKernels(matrix).map(kernelId), ['k', 'k on x86', 'k on arm64']);
});

test('a package runs on the devices of its architecture: by its name, or by arch', () => {
  const devicesOf = (kernel: string): readonly string[] => jobs(kernel).map(({ device }) => device);
  assert.deepEqual(devicesOf('{name: k, package: "debian:linux-image-cloud-amd64@sid"}'), [
    'qemu-x86-q35',
  ]);
  assert.deepEqual(devicesOf('{name: k, package: "debian:linux-image-powerpc64le"}'), [
    'qemu-pseries-p9',
  ]);
  assert.deepEqual(devicesOf('{name: k, package: ./kernel.deb, arch: arm64}'), [
    'lava-run-qemu-arm64-vhe',
  ]);
  assert.deepEqual(devicesOf('{name: k, source: ./tree, arch: x86}'), ['qemu-x86-q35']);
  // Nobody knows before the file is read.
  assert.equal(devicesOf('{name: k, package: ./kernel.deb}').length, 3);
});

test('an architecture that nobody knows is a mistake with its place', () => {
  assert.throws(() => jobs('{name: k, package: ./kernel.deb, arch: sparc}'), /2:\d+: .*arch/s);
});
