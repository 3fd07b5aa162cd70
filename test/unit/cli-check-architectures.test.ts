// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { architecturesOf, devicesFor } from '../../src/cli/check-architectures.js';
import { prePullDevices } from '../../src/jobs/generators/generator.js';

const names = (...paths: readonly string[]): readonly string[] =>
  architecturesOf(paths).map(({ name }) => name);

test('what a series changes says on which architectures it is checked', () => {
  const all = ['powerpc', 'x86', 'arm64', 'riscv'];
  assert.deepEqual(names('kernel/sched/fair.c'), all);
  assert.deepEqual(names('fs/file.c', 'virt/kvm/kvm_main.c'), all);
  assert.deepEqual(names('arch/powerpc/kvm/Kconfig', 'arch/powerpc/kvm/book3s_hv.c'), ['powerpc']);
  assert.deepEqual(names('arch/arm64/kvm/arm.c', 'Documentation/virt/kvm/api.rst'), ['arm64']);
  assert.deepEqual(names('arch/x86/kvm/x86.c', 'arch/riscv/kvm/vcpu.c'), ['x86', 'riscv']);
  assert.deepEqual(names('arch/mips/kvm/mips.c', 'fs/file.c'), ['powerpc']);
});

test('POWER is tested as before; what is left out of the others is said', async () => {
  assert.deepEqual(await devicesFor(['arch/powerpc/kvm/book3s_hv.c']), {
    devices: [...prePullDevices],
    leftOut: [],
  });
  const { devices, leftOut } = await devicesFor(['kernel/sched/core.c']);
  assert.deepEqual(devices.slice(0, prePullDevices.length), [...prePullDevices]);
  for (const [architecture, device] of [
    ['x86', 'qemu-x86-q35'],
    ['arm64', 'qemu-arm64-vhe'],
    ['RISC-V', 'qemu-riscv-sstc'],
  ] as const) {
    const said = leftOut.some((text) => text.startsWith(`not tested on ${architecture}`));
    assert.equal(said, !devices.includes(device), architecture);
  }
  assert.ok((await devicesFor(['arch/arm64/kvm/arm.c'])).devices.includes('qemu-arm64-nvhe'));
});
