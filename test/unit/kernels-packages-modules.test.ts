// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usualArchitecture } from '../../src/architectures/architectures.js';
import { missingConfig, readConfig } from '../../src/kernels/packages/config-check.js';
import { moduleInfo } from '../../src/kernels/packages/modinfo.js';
import { loadOrder, readModulesDep } from '../../src/kernels/packages/modules.js';
import { moduleName, releaseOf, roleOf } from '../../src/kernels/packages/names.js';
import { elf, goodConfig, moduleKo } from './kernels-packages-archives.js';

test('modules.dep: names without folders and endings, with underscores', () => {
  const text =
    'kernel/a/kvm-hv.ko.xz: kernel/a/kvm.ko.xz kernel/b/irqbypass.ko.zst\nkernel/a/kvm.ko.xz:\n\n';
  assert.deepEqual(
    [...readModulesDep(text)],
    [
      ['kvm_hv', ['kvm', 'irqbypass']],
      ['kvm', []],
    ],
  );
});

test('load order: each after what it needs, once, and cycles end', () => {
  const needs: Readonly<Record<string, string[]>> = {
    a: ['b', 'c'],
    b: ['d'],
    c: ['d'],
    d: [],
    e: ['f'],
    f: ['e'],
  };
  assert.deepEqual(
    loadOrder('a', (name) => needs[name]),
    { order: ['d', 'b', 'c', 'a'], absent: [] },
  );
  assert.deepEqual(
    loadOrder('e', (name) => needs[name]),
    { order: ['f', 'e'], absent: [] },
  );
  assert.deepEqual(
    loadOrder('x', () => undefined),
    { order: [], absent: ['x'] },
  );
});

test('.modinfo: what the module needs, and its kernel', () => {
  assert.deepEqual(moduleInfo(moduleKo('kvm_hv', 'kvm,irqbypass', '7.2.13+deb14')), {
    depends: ['kvm', 'irqbypass'],
    release: '7.2.13+deb14',
  });
  assert.deepEqual(moduleInfo(moduleKo('kvm', ''))?.depends, []);
});

test('.modinfo: undefined for what is no module', () => {
  assert.equal(moduleInfo(Buffer.from('hello')), undefined);
  assert.equal(moduleInfo(elf('.text', 'x')), undefined);
  const good = moduleKo('kvm', '');
  for (let length = 0; length < good.length; length += 7) {
    assert.equal(moduleInfo(good.subarray(0, length)), undefined);
  }
  const far = Buffer.from(good);
  far.writeBigUInt64LE(2n ** 63n, 40);
  assert.equal(moduleInfo(far), undefined);
});

test('roles of files as the distributions name them', () => {
  const roles: Readonly<Record<string, string>> = {
    'boot/vmlinux-6.12.107+deb13-powerpc64le': 'image',
    'usr/lib/modules/7.2.13+deb14-powerpc64le/vmlinuz': 'image',
    'lib/modules/6.17.1-300.fc43.ppc64le/vmlinuz': 'image',
    'lib/modules/6.17.1-300.fc43.ppc64le/.vmlinuz.hmac': 'other',
    'usr/lib/modules/6.16.8-1-default/vmlinux': 'image',
    'usr/lib/modules/6.16.8-1-default/vmlinux.xz': 'image',
    'usr/lib/debug/boot/vmlinux-6.12.107+deb13-powerpc64le': 'other',
    'boot/vmlinuz-6.12.hmac': 'other',
    'boot/config-6.12.107+deb13-powerpc64le': 'config',
    'usr/lib/modules/7.2.13+deb14-powerpc64le/config': 'config',
    'lib/modules/6.1/kernel/arch/powerpc/kvm/kvm-hv.ko.zst': 'module',
    'lib/modules/6.1/modules.dep': 'modules.dep',
    'lib/modules/6.1/modules.dep.bin': 'other',
    'usr/lib/modules/6.1/modules.builtin': 'modules.builtin',
    'boot/System.map-6.1': 'other',
    'etc/kvm.ko': 'other',
  };
  for (const [name, role] of Object.entries(roles)) assert.equal(roleOf(name), role, name);
  assert.equal(moduleName('kernel/x/kvm-hv.ko.xz'), 'kvm_hv');
  assert.equal(releaseOf('usr/lib/modules/6.1-x/kernel/a.ko'), '6.1-x');
});

const missing = (config: string): string[] =>
  missingConfig(readConfig(config), { architecture: usualArchitecture, modules: true });

test('config: every need that is not met is named', () => {
  assert.deepEqual(missing(goodConfig), []);
  assert.deepEqual(missing(goodConfig.replace('HVC_CONSOLE', 'HVC_OPAL')), []);
  assert.equal(missing('').length, 12);
  assert.deepEqual(missing(goodConfig.replace('DEVTMPFS=y', 'DEVTMPFS=m')), [
    'CONFIG_DEVTMPFS=y (/dev/kvm)',
  ]);
  const off = goodConfig.replace(
    'CONFIG_KVM_BOOK3S_64_HV=m',
    '# CONFIG_KVM_BOOK3S_64_HV is not set',
  );
  assert.deepEqual(missing(off), [
    'CONFIG_KVM_BOOK3S_64_HV or CONFIG_KVM_BOOK3S_64_PR=y|m (KVM, in hypervisor mode or without)',
  ]);
});
