// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prove } from '../../src/devices/qemu/kvm-proof.js';
import { qemuMachines } from '../../src/architectures/architectures.js';
import type { QemuMachine } from '../../src/architectures/machine.js';

const p9 = qemuMachines.find(({ name }) => name === 'kvm-pseries-p9');
assert.ok(p9);
const machine: QemuMachine = p9;
const has = ({ options }: QemuMachine, flag: string): boolean =>
  options.some((one) => one.flag === flag);

/** As QEMU 11.1.3 said it, one after the other, on an emulated powernv9 with pages of 4 KiB. */
const program = 'qemu-system-ppc64: ';
const level = 'capability level not supported by KVM\nTry appending -machine ';
const refusals = [
  ['cap-cfpc=broken', `${program}Requested safe cache ${level}cap-cfpc=broken\n`],
  ['cap-ibs=broken', `${program}Requested safe indirect branch ${level}cap-ibs=broken\n`],
  [
    'cap-ccf-assist=off',
    `${program}Requested count cache flush assist ${level}cap-ccf-assist=off\n`,
  ],
  [
    'cap-hpt-max-page-size=4k',
    `${program}Can't support 64 kiB guest pages with 4 kiB host pages with this KVM implementation\n`,
  ],
] as const;

test('what QEMU refuses and does not matter is added, each with its reason', async () => {
  const found = await prove(machine, (tried) =>
    Promise.resolve(refusals.find(([flag]) => !has(tried, flag))?.[1]),
  );
  assert.equal(found.whyNot, undefined);
  assert.deepEqual(
    found.added.map(({ flag }) => flag),
    refusals.map(([flag]) => flag),
  );
  for (const { why, seen } of found.added) assert.ok(why.length > 0 && seen !== undefined);
  assert.ok(has(found.machine, 'x-vof=on') && has(found.machine, 'cap-nested-hv=on'));
});

test('a host whose firmware says something else gets what QEMU proposes', async () => {
  const found = await prove(machine, (tried) =>
    Promise.resolve(
      has(tried, 'cap-ibs=fixed-ccd')
        ? undefined
        : `${program}Requested safe indirect branch ${level}cap-ibs=fixed-ccd\n`,
    ),
  );
  assert.deepEqual(
    found.added.map(({ flag }) => flag),
    ['cap-ibs=fixed-ccd'],
  );
});

test('SLOF where QEMU has no Virtual Open Firmware', async () => {
  const found = await prove(machine, (tried) =>
    Promise.resolve(
      has(tried, 'x-vof=on') ? `${program}could not find firmware 'vof.bin'\n` : undefined,
    ),
  );
  assert.equal(found.whyNot, undefined);
  assert.ok(!has(found.machine, 'x-vof=on'));
});

test('what decides the path under test is never taken away: the device cannot run', async () => {
  const nested = `${program}KVM implementation does not support Nested-HV\nTry appending -machine cap-nested-hv=off\n`;
  const found = await prove(machine, () => Promise.resolve(nested));
  assert.match(found.whyNot ?? '', /^KVM gives no nested guests here: modprobe kvm-hv nested=1/);
  assert.deepEqual(found.added, []);

  const other = await prove(machine, () =>
    Promise.resolve(`${program}warning: hub 0 is not connected\n${program}kvm init failed\n`),
  );
  assert.equal(other.whyNot, 'QEMU refuses the machine: kvm init failed');
});

test('a QEMU that asks for the same again and again is not asked for ever', async () => {
  const said = refusals[0][1];
  const found = await prove(machine, () => Promise.resolve(said));
  assert.match(found.whyNot ?? '', /^QEMU refuses the machine: Requested safe cache/);
});
