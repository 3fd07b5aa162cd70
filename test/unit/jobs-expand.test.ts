// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { loadMatrix } from '../../src/jobs/load.js';
import { knownDevices, load, matrix } from './jobs-sample.js';

const testNames = (tests: string): string[] =>
  load(matrix({ tests })).jobs.map((job) => job.test.name);

test('jobs are kernels x devices x tests, kernel first', () => {
  const kernels = '[{name: a, source: t}, {name: b, source: t}]';
  const devices = '[qemu-powernv8, qemu-powernv9]';
  assert.deepEqual(
    load(matrix({ kernels, devices })).jobs.map((job) => job.name),
    ['a-qemu-powernv8-t', 'a-qemu-powernv9-t', 'b-qemu-powernv8-t', 'b-qemu-powernv9-t'],
  );
});

test('only what is a list shows in the name of a test', () => {
  assert.deepEqual(testNames('[{name: t, quota-us: 3000, vcpus: 2, seconds: 4}]'), ['t']);
  assert.deepEqual(testNames('[{name: t, limits: 30000 100000}]'), ['t']);
  assert.deepEqual(testNames('[{name: t, quota-us: [3000, 4000], seconds: [2]}]'), [
    't-3000-2s',
    't-4000-2s',
  ]);
  assert.deepEqual(testNames('[{name: t, quota-us: [3000], period-us: [10000, 20000]}]'), [
    't-3000-10000',
    't-3000-20000',
  ]);
  assert.deepEqual(
    testNames('[{name: t, vcpus: [1, 2], limits: ["10000 100000", "5000 20000"]}]'),
    ['t-1vcpu-10000-100000', 't-1vcpu-5000-20000', 't-2vcpu-10000-100000', 't-2vcpu-5000-20000'],
  );
});

test('parameters arrive in their units, with the defaults', () => {
  const [first, second] = load(
    matrix({
      tests: '[{name: t, quota-us: 30000}, {name: u, limits: "5000 20000", vcpus: 4, seconds: 7}]',
    }),
  ).jobs;
  assert.deepEqual(first?.test.parameters, {
    quotaUs: 30000,
    periodUs: 100000,
    vcpus: 1,
    seconds: 3,
  });
  assert.deepEqual(second?.test.parameters, {
    quotaUs: 5000,
    periodUs: 20000,
    vcpus: 4,
    seconds: 7,
  });
  assert.deepEqual(first.timeouts, { buildMs: 7_200_000, bootMs: 120_000, testMs: 300_000 });
});

test('the rest of a matrix reaches the jobs', () => {
  const kernels = '[{name: k, source: t, expect: FAIL, expect-on: {mine: PASS}}]';
  const devices =
    '[qemu-powernv8, {name: mine, machine: powernv9, memory-mb: 512, devices: [{driver: virtio-rng-pci, properties: {period: 5}}]}]';
  const more = 'timeouts: {boot-s: 5}\nknown-faults: [{title: "a+b", reason: r}]\n';
  const [builtIn, own] = load(matrix({ kernels, devices }, more)).jobs;
  assert.equal(builtIn?.expect, 'FAIL');
  assert.equal(builtIn.deviceSpec, undefined);
  assert.equal(own?.expect, 'PASS');
  assert.deepEqual(own.deviceSpec, {
    name: 'mine',
    machine: 'powernv9',
    memoryMb: 512,
    smp: 1,
    accel: 'tcg',
    icount: true,
    devices: ['virtio-rng-pci,period=5'],
    extraArgs: [],
    console: 'hvc0',
  });
  assert.deepEqual(own.timeouts, { buildMs: 7_200_000, bootMs: 5_000, testMs: 300_000 });
  assert.deepEqual(
    own.knownFaults.map(({ title, reason }) => [title.source, title.test('xaab'), reason]),
    [['a+b', true, 'r']],
  );
});

test('paths become absolute against the folder of the file; refs, packages and URLs stay', () => {
  const source = (text: string): string | undefined =>
    load(matrix({ kernels: `[{name: k, source: "${text}"}]` })).kernels[0]?.source;
  assert.equal(source('linux'), '/lab/linux');
  assert.equal(source('../linux#v6.18/x'), '/linux#v6.18/x');
  assert.equal(source('/src/linux#HEAD~1'), '/src/linux#HEAD~1');
  assert.equal(source('debian:linux-source@sid'), 'debian:linux-source@sid');
  assert.equal(source('git+https://example.org/l.git#v7'), 'git+https://example.org/l.git#v7');
  const kernels =
    '[{name: k, source: t, patches: [p, /q], config: [minimal, ./my.fragment, x.config, d/e]}]';
  const [kernel] = load(matrix({ kernels }, 'fix: {add: a, remove: [b]}\n')).kernels;
  assert.deepEqual(kernel?.patches, ['/lab/p', '/q']);
  assert.deepEqual(kernel.config, ['minimal', '/lab/my.fragment', '/lab/x.config', '/lab/d/e']);
  assert.deepEqual(load(matrix({}, 'fix: {add: a, remove: [b]}\n')).fix, {
    add: '/lab/a',
    remove: ['/lab/b'],
  });
});

test('a tree takes the place of every source', () => {
  const kernels = '[{name: a, source: t}, {name: b, source: "debian:linux"}]';
  const sources = (tree: string): string[] =>
    loadMatrix('/lab/m.yaml', matrix({ kernels }), { knownDevices, tree }).jobs.map(
      (job) => job.kernel.source,
    );
  assert.deepEqual(sources('mine#HEAD'), [`${resolve('mine')}#HEAD`, `${resolve('mine')}#HEAD`]);
  assert.deepEqual(sources('debian:linux-source'), ['debian:linux-source', 'debian:linux-source']);
});

test('exclude leaves out what matches all its keys; a test by its own or its family name', () => {
  const devices = '[qemu-powernv8, qemu-powernv9]';
  const tests = '[{name: t, quota-us: 3000, vcpus: [1, 2]}, {name: u, quota-us: 3000}]';
  const left = (exclude: string): string[] =>
    load(matrix({ devices, tests }, `exclude: [${exclude}]`)).jobs.map((job) =>
      job.name.replace('k-qemu-powernv', ''),
    );
  assert.deepEqual(left('{device: qemu-powernv8, test: t}'), [
    '8-u',
    '9-t-1vcpu',
    '9-t-2vcpu',
    '9-u',
  ]);
  assert.deepEqual(left('{test: t-2vcpu}, {device: qemu-powernv9}'), ['8-t-1vcpu', '8-u']);
});

test('a device of the matrix has its own CPUs: the same, enough, fewer by cpus, or left out', () => {
  const devices = '[qemu-powernv8, {name: d, machine: powernv9, smp: 2}]';
  const jobs = (tests: string, more = ''): number =>
    load(matrix({ devices, tests: `[{name: t, quota-us: 3000, ${tests}}]` }, more)).jobs.length;
  assert.equal(jobs('cpus: 2'), 2);
  assert.equal(jobs('vcpus: [1, 2]'), 4);
  assert.equal(jobs('vcpus: 4, cpus: 2'), 2);
  assert.equal(jobs('vcpus: [2, 4]', 'exclude: [{device: d, test: t-4vcpu}]'), 3);
});

test('a list of fragments, a full .config by its path, and a toolchain', () => {
  const kernels =
    '[{name: a, source: t, config: [minimal, debug, ./x.fragment]}, {name: b, source: t, config: ./full.config, toolchain: llvm-19}, {name: c, source: t}]';
  assert.deepEqual(
    load(matrix({ kernels })).kernels.map(({ config, configIsFull, toolchain }) => [
      config,
      configIsFull,
      toolchain,
    ]),
    [
      [['minimal', 'debug', '/lab/x.fragment'], undefined, undefined],
      [['/lab/full.config'], true, 'llvm-19'],
      [['minimal'], undefined, undefined],
    ],
  );
});
