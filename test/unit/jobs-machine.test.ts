// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { resumeRun } from '../../src/cli/execute.js';
import { machineArgv } from '../../src/devices/qemu/argv.js';
import { deviceNames, machineOf } from '../../src/devices/registry.js';
import { loadMatrix, loadMatrixData } from '../../src/jobs/load.js';
import { JobError } from '../../src/model/errors.js';
import type { JobMatrix } from '../../src/model/job.js';

const options = { knownDevices: deviceNames() };
const yaml = (device: string, kernel = ''): string =>
  `name: n\nkernels: [{name: k, source: t${kernel}}]\ndevices: [{name: d, ${device}}]\ntests: [{name: t, quota-us: 30000}]\n`;

/** What is wrong with a text, each with its line; empty: nothing. */
function fault(text: string): string {
  try {
    loadMatrix('m.yaml', text, options);
    return '';
  } catch (error) {
    assert.ok(error instanceof JobError);
    return error.problems
      .map(({ message, at }) => `${at?.line}:${at?.column}: ${message}`)
      .join('; ');
  }
}

/** Each made QEMU read or write a file, start a program or open a socket; the first read /etc/shadow to the console. */
const hostileArguments = [
  '[-object, "memory-backend-ram,id=m,qom-type=memory-backend-file,mem-path=F,size=512M,share=on", -device, "loader,file=/etc/shadow,addr=0x1000000"]',
  "['-S', '/dev/vda']",
  "['-S', 'fat:rw:/root']",
  "['-device', 'usb-mtp,rootdir=/']",
  "['-device', 'driver=vfio-pci,host=0:0']",
  '[-device, "{\\"driver\\":\\"vfio-pci\\"}"]',
  '[-bios, /etc/shadow]',
  '[-global, "virtio-rng-pci.rng=x"]',
  '[-incoming, "exec:touch x"]',
  '[--incoming, "exec:touch x"]',
  '["-incoming=exec:x"]',
  '[-netdev, "tap,id=n,script=./x"]',
  '[-plugin, ./x.so]',
  '[-chardev, "file,id=c,path=x"]',
  '[-serial, "file:x"]',
  '[-D, x]',
  '[-readconfig, x]',
  '[-fsdev, "local,id=f,path=/"]',
  '[-drive, "file=x"]',
  '[disk.img]',
  '[-object, "memory-backend-file,id=m,size=1M,mem-path=x"]',
  '[-s]',
  '[-nodefaults]',
  '[]',
];
const hostileMachines = [
  'machine: "pseries,memory-backend=m"',
  'machine: "pseries,dumpdtb=x"',
  'machine: "pseries,x-vof=on,firmware=/etc/shadow"',
  'machine: "pseries,kernel=/etc/shadow"',
  'machine: "pseries,,x-vof=on"',
  'machine: "pseries,x-vof"',
  'machine: "pseries,x-vof=on "',
  'machine: "pseries,x-vof=on\\n-S"',
  'machine: "pseries,constructor=on"',
  'machine: "pseries,max-cpu-compat=power10/../x"',
  'machine: "powernv9,pnor=x"',
  'machine: "-incoming"',
  'machine: "type=pseries"',
  'machine: none',
  'machine: powernv9, cpu: "POWER9,compat=x"',
  'machine: powernv9, cpu: "-S"',
  'machine: powernv9, cpu: ""',
  'machine: powernv9, console: "hvc0\\" -incoming exec:id \\""',
  'machine: powernv9, console: "hvc0 init=/bin/sh"',
];
const hostileDevices = [
  '{driver: "loader", properties: {file: /etc/shadow}}',
  '{driver: "usb-mtp", properties: {rootdir: "/"}}',
  '{driver: vfio-pci}',
  '{driver: "virtio-rng-pci,rng=x"}',
  '{driver: virtio-rng-pci, properties: {rng: x}}',
  '{driver: virtio-rng-pci, properties: {id: "a,romfile=/etc/shadow"}}',
  '{driver: virtio-rng-pci, properties: {"period=1,romfile": "x"}}',
  '{driver: virtio-rng-pci, properties: {period: "1"}}',
  '{driver: virtio-rng-pci, properties: {constructor: x}}',
  '{driver: spapr-rng, properties: {use-kvm: "on,x=y"}}',
  '{driver: virtio-rng-pci, id: x}',
];

test('a YAML job matrix cannot give QEMU an argument: free ones are refused with their place', () => {
  for (const args of hostileArguments) {
    const said = fault(yaml(`machine: powernv9, extra-args: ${args}`));
    assert.match(said, /^3:40: devices\[0\]: arguments of QEMU .* only a \*\.job\.ts/, args);
  }
});

test('a YAML job matrix describes machines by types, properties and devices of a table', () => {
  for (const machine of hostileMachines) assert.match(fault(yaml(machine)), /^3:\d+: /, machine);
  for (const device of hostileDevices) {
    assert.match(fault(yaml(`machine: powernv9, devices: [${device}]`)), /^3:\d+: /, device);
  }
  const whole =
    'machine: "pseries-10.0,cap-nested-hv=on,x-vof=on,cap-ibs=fixed-na,max-cpu-compat=power10", cpu: power9_v2.2, ' +
    'devices: [{driver: ipmi-bmc-sim, properties: {id: bmc0}}, {driver: isa-ipmi-bt, properties: {bmc: bmc0, irq: 10}}, {driver: spapr-rng, properties: {use-kvm: true}}]';
  assert.equal(fault(yaml(whole)), '');
  const [job] = loadMatrix('m.yaml', yaml(whole), options).jobs;
  assert.ok(job?.deviceSpec);
  const argv = machineArgv(machineOf(job.deviceSpec), 1, true);
  assert.deepEqual(argv.slice(argv.indexOf('-no-reboot') + 1, argv.indexOf('-display')), [
    ...['-device', 'ipmi-bmc-sim,id=bmc0'],
    ...['-device', 'isa-ipmi-bt,bmc=bmc0,irq=10'],
    ...['-device', 'spapr-rng,use-kvm=on'],
    // As LAVA has it.
    ...['-net', 'nic,model=spapr-vlan,macaddr=52:54:00:12:34:58', '-net', 'none'],
  ]);
});

test('whatever a description says, it makes no other argument', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      'pseries',
      'powernv9',
      'on',
      '-S',
      ',',
      'x-vof=on',
      'POWER9',
      'file=/etc/shadow',
    ),
  );
  const device = fc.record({
    name: fc.constant('d'),
    machine: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(',')),
    cpu: word,
    devices: fc.array(
      fc.record({
        driver: fc.constantFrom('virtio-rng-pci', 'spapr-rng', 'loader'),
        properties: fc.dictionary(
          fc.constantFrom('id', 'period', 'use-kvm', 'file'),
          fc.oneof(word, fc.integer(), fc.boolean()),
          { maxKeys: 2 },
        ),
      }),
      { maxLength: 2 },
    ),
  });
  let taken = 0;
  fc.assert(
    fc.property(device, (one) => {
      const text = JSON.stringify({
        name: 'n',
        kernels: [{ name: 'k', source: 't' }],
        devices: [one],
        tests: [{ name: 't', 'quota-us': 30000 }],
      });
      if (fault(text) !== '') return;
      taken += 1;
      const [job] = loadMatrix('m.yaml', text, options).jobs;
      assert.ok(job?.deviceSpec);
      const argv = machineArgv(machineOf(job.deviceSpec), 1, true);
      const plain = machineArgv(
        machineOf({ ...job.deviceSpec, machine: 'powernv9', devices: [] }),
        1,
        true,
      );
      const options_ = (words: readonly string[]): string[] =>
        words.filter((each) => each.startsWith('-'));
      const added = one.devices.map(() => '-device');
      const card =
        one.machine.startsWith('pseries,') || one.machine === 'pseries' ? ['-net', '-net'] : [];
      assert.deepEqual(options_(argv).sort(), [...options_(plain), ...added, ...card].sort());
      for (const each of argv) assert.match(each, /^[\w.,=:-]+$/);
    }),
    { numRuns: 3000, seed: 17 },
  );
  assert.ok(taken > 20, `${taken} descriptions were valid`);
});

test('YAML names a compiler, not a program by its path', () => {
  assert.match(
    fault(yaml('machine: powernv9', ', toolchain: /tmp/evil-')),
    /toolchain: .* by their path/,
  );
  assert.equal(fault(yaml('machine: powernv9', ', toolchain: powerpc64le-linux-gnu-')), '');
});

const generated = (device: object): unknown => ({
  name: 'n',
  kernels: [{ name: 'k', source: '/t' }],
  devices: [{ name: 'd', machine: 'powernv9', ...device }],
  tests: [{ name: 't', 'quota-us': 30000 }],
});

test('a generator is a program and may use all of QEMU', () => {
  const data = generated({ 'extra-args': ['-nodefaults'], machine: 'pseries,dumpdtb=x' });
  const { jobs }: JobMatrix = loadMatrixData('/x.job.ts', data, options);
  assert.deepEqual(jobs[0]?.deviceSpec?.extraArgs, ['-nodefaults']);
});

test('what a run folder says was made by a generator is data: --resume takes from it what YAML may ask for', async (context) => {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true }));
  const resume = async (device: object, file: string): Promise<unknown> => {
    const text = JSON.stringify(generated(device));
    const record = { file, text, startedAt: '2026-01-01T00:00:00.000Z', jobs: ['k-d-t'] };
    await writeFile(join(dir, 'run.json'), JSON.stringify(record));
    return resumeRun(dir).catch((error: unknown) => error);
  };
  for (const file of ['/a/x.job.ts', '/a/x.yaml', 'x.job.ts']) {
    for (const hostile of [
      { 'extra-args': ['-incoming', 'exec:id'] },
      { machine: 'pseries,dumpdtb=x' },
    ]) {
      const caught = await resume(hostile, file);
      assert.ok(caught instanceof JobError, `${file}: ${JSON.stringify(caught)}`);
      assert.match(caught.message, /only a \*\.job\.ts may/);
    }
    assert.ok(!((await resume({}, file)) instanceof Error));
  }
});
