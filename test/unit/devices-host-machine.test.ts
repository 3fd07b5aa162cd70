// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { argsFor, askMachine, machineFacts, machineFrom } from '../../src/devices/host-machine.js';
import { withFlags } from '../../src/devices/qemu/argv.js';

/** What the device trees of these machines hold: strings that end with NUL. */
const powernv = machineFrom('IBM PowerNV (emulated by qemu)\0\n\n');
const emulated = machineFrom('IBM pSeries (emulated by qemu)\0\n\n');
const underKvm = machineFrom('IBM pSeries (emulated by qemu)\0\nlinux,kvm\0\n');
const witherspoon = machineFrom('8335-GTH\0\n\n');
const power9 = 'processor\t: 0\ncpu\t\t: POWER9 (architected), altivec supported\n';
const power10 = 'processor\t: 0\ncpu\t\t: POWER10 (architected), altivec supported\n';

test('a partition whose instructions QEMU emulates is told from one under KVM', () => {
  const are = [powernv, emulated, underKvm, witherspoon].map((one) => one.isEmulatedPartition);
  assert.deepEqual(are, [false, true, false, false]);
  assert.deepEqual(machineFacts(powernv), { machine_model: 'IBM PowerNV (emulated by qemu)' });
  assert.deepEqual(machineFacts(witherspoon), {});
});

test('where there is no device tree nothing is emulated', () => {
  const printed = execFileSync('sh', ['-c', askMachine], { encoding: 'utf8' });
  assert.equal(machineFrom(printed).isEmulatedPartition, false);
});

/** A machine with that /proc/cpuinfo and that kernel log. */
const says =
  (cpuinfo: string, log = '') =>
  (command: string): Promise<string> =>
    Promise.resolve(command === 'dmesg' ? log : cpuinfo);

test("QEMU's lost interrupts are worked around there, and nowhere else", async () => {
  const args = ['--quota-us=30000'];
  const neverAsked = (command: string): Promise<string> => Promise.reject(new Error(command));
  for (const machine of [powernv, underKvm, witherspoon])
    assert.deepEqual(await argsFor(machine, args, neverAsked), args);
  assert.deepEqual(await argsFor(emulated, args, says(power9)), [...args, '--hcall-us=1000']);
  const v2 = [...args, '--hcall-us=1000', '--negate-decrementer'];
  assert.deepEqual(await argsFor(emulated, args, says(power10)), v2);
  const log = 'kvm-hv: nestedv2 get capabilities hcall failed, falling back to nestedv1 (rc=-2)';
  const v1 = [...args, '--hcall-us=1000'];
  assert.deepEqual(await argsFor(emulated, args, says(power10, log)), v1);
});

test('what the job says of an option counts', () => {
  const flags = [{ flag: '--hcall-us=1000' }, { flag: '--negate-decrementer' }];
  assert.deepEqual(withFlags(['--hcall-us=0'], flags), ['--hcall-us=0', '--negate-decrementer']);
});
