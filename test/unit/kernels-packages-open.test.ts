// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { JobError } from '../../src/model/errors.js';
import { namesKernelPackage } from '../../src/kernels/packages/debian-package.js';
import { openPackages, type DistroKernel } from '../../src/kernels/packages/distro-kernel.js';
import {
  compress,
  cpio,
  deb,
  elf,
  goodConfig,
  kernelEntries,
  moduleKo,
  release,
  rpm,
  tar,
  vmlinux,
  type Entry,
} from './kernels-packages-archives.js';
import { aMinuteLater, ownCache, streamsRead } from './own-cache.js';

let dir = '';
before(async () => (dir = await mkdtemp(join(tmpdir(), 'busyguest-packages-'))));
after(() => rm(dir, { recursive: true, force: true }));

const signal = new AbortController().signal;
let number = 0;

async function write(name: string, data: Buffer | string): Promise<string> {
  number += 1;
  const path = join(dir, `${number}`, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, data);
  return path;
}

const open = (...files: string[]): Promise<DistroKernel> =>
  openPackages(files, join(dir, 'cache'), signal);

async function tree(entries: readonly Entry[]): Promise<string> {
  number += 1;
  const root = join(dir, `${number}`, release);
  for (const { name, data, type } of entries) {
    if (type !== undefined) continue;
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), data ?? '');
  }
  return root;
}

const isKernel = async (kernel: DistroKernel): Promise<void> => {
  assert.equal(kernel.release, release);
  assert.deepEqual(
    kernel.modules.map(({ name }) => name),
    ['irqbypass.ko', 'kvm.ko', 'other_lib.ko', 'kvm_hv.ko'],
  );
  assert.deepEqual(await readFile(kernel.image), vmlinux());
  assert.deepEqual(await readFile(kernel.modules[1]?.path ?? ''), moduleKo('kvm', 'irqbypass'));
};

for (const [ending, pack] of Object.entries({
  '': (data: Buffer) => data,
  '.gz': (data: Buffer) => compress('gzip', data),
  '.xz': (data: Buffer) => compress('xz', data),
  '.zst': (data: Buffer) => compress('zstd', data),
})) {
  test(`opens a .deb with data.tar${ending}, and finds the modules without modules.dep`, async () => {
    const kernel = await open(
      await write('linux.deb', deb(pack(tar(kernelEntries())), `data.tar${ending}`)),
    );
    await isKernel(kernel);
    assert.deepEqual(kernel.missing, []);
    assert.equal(kernel.facts['kernel_page_size'], '4k');
    assert.ok(kernel.commandLine.includes('cryptomgr.notests'));
  });

  test(`opens an .rpm with payload${ending}`, async () => {
    await isKernel(await open(await write('kernel.rpm', rpm(pack(cpio(kernelEntries()))))));
  });

  test(`unpacks modules and an image${ending}`, async () => {
    const entries = kernelEntries().map((entry) =>
      /\.ko$|vmlinux/.test(entry.name)
        ? { ...entry, name: entry.name + ending, data: pack(Buffer.from(entry.data ?? '')) }
        : entry,
    );
    await isKernel(await open(await write('linux.deb', deb(tar(entries)))));
  });
}

test('opens a package that dpkg-deb made', async () => {
  const root = await tree(kernelEntries());
  await mkdir(join(root, 'DEBIAN'));
  const control =
    'Package: linux\nVersion: 1\nArchitecture: all\nMaintainer: me <me@here>\nDescription: x\n';
  await writeFile(join(root, 'DEBIAN/control'), control);
  const file = join(dirname(root), 'linux.deb');
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', root, file], {
    stdio: 'ignore',
  });
  await isKernel(await open(file));
});

test('a package that is unpacked is not read again', async (context) => {
  const { cache } = await ownCache(context);
  aMinuteLater(context);
  const file = await write('linux.deb', deb(tar(kernelEntries())));
  const { key } = await openPackages([file], cache, signal);
  const read = streamsRead(context);
  assert.equal((await openPackages([file], cache, signal)).key, key);
  assert.deepEqual(read(), []);
});

test('opens split packages in any order, and makes the same kernel once', async () => {
  const entries = kernelEntries();
  const image = await write(
    'binary.deb',
    deb(tar(entries.filter(({ name }) => /boot/.test(name)))),
  );
  const modules = await write(
    'modules.deb',
    deb(tar(entries.filter(({ name }) => /\.ko$/.test(name)))),
  );
  const first = await open(image, modules);
  await isKernel(first);
  assert.deepEqual(await open(modules, image), first);
});

test('names what lacks when the modules are not given', async () => {
  const entries = kernelEntries().filter(({ name }) => /boot/.test(name));
  const file = await write('binary.deb', deb(tar(entries)));
  await assert.rejects(open(file), (error: JobError) => {
    assert.match(
      error.message,
      /a module of 6\.12\.1-test is missing: KVM needs kvm_hv; give its package too/,
    );
    return error instanceof JobError;
  });
});

test('opens a bare image, with a folder of modules and a config', async () => {
  const entries = kernelEntries()
    .filter(({ name }) => /\.ko$/.test(name))
    .map((entry) => ({ ...entry, name: entry.name.replace(/.*\/kernel\//, 'kernel/') }));
  const files = [
    await write('my-vmlinux', vmlinux()),
    await tree(entries),
    await write('config-my', goodConfig),
  ];
  const kernel = await open(...files);
  await isKernel(kernel);
  assert.equal(kernel.facts['kernel_kvm_hv'], 'm');
});

test('opens a folder of unpacked packages', async () => {
  await isKernel(await open(await tree(kernelEntries())));
});

const image = (content: string): Buffer =>
  elf('.rodata', `Linux version ${release} (me@here) #1\n\0${content}\0`);

test('a bare image alone: KVM is built in, a module that was forgotten, or not there, and each reads differently', async () => {
  const builtIn = await open(await write('vmlinux', image('kvm_cma\0kvm_hv.nested')));
  assert.deepEqual([builtIn.modules, builtIn.missing], [[], []]);
  assert.equal(builtIn.facts['kernel_kvm_hv'], 'y');
  await assert.rejects(
    open(await write('vmlinux', image('kvm_cma'))),
    /a module of 6\.12\.1-test is missing: KVM needs kvm_hv; give its package too \(Debian: linux-modules-\*/,
  );
  const without = await open(await write('vmlinux', image('kvm')));
  assert.equal(without.facts['kernel_kvm_hv'], 'n');
  assert.match(without.missing.join(), /^KVM: no part of it is in the image/);
  const wrapped = await open(await write('zImage', elf('.kernel', 'packed')));
  assert.deepEqual([wrapped.missing, wrapped.facts['kernel_kvm_hv']], [[], 'unknown']);
});

test('packages without a config: an image that has KVM as a module names the package to give', async () => {
  const entries = [{ name: `./boot/vmlinux-${release}`, data: image('kvm_cma') }];
  await assert.rejects(
    open(await write('linux-binary.deb', deb(tar(entries)))),
    /a module of 6\.12\.1-test is missing: KVM needs kvm_hv/,
  );
});

test('a kernel is known by the name and the version of its package', async () => {
  const control =
    'Package: linux-image-6.12.1+deb13\nSource: linux (6.12.1-1)\nVersion: 1:6.12.1-1\n';
  const data = deb(tar(kernelEntries()), 'data.tar', control);
  const { facts } = await open(await write('a file.deb', data));
  assert.equal(facts['kernel_source'], 'linux-image-6.12.1+deb13 1:6.12.1-1');
  assert.equal(facts['kernel_packages'], 'a file.deb');
  const names = { name: 'kernel-core', version: '6.12.1', release: '3.fc43' };
  const red = await open(await write('b.rpm', rpm(cpio(kernelEntries()), names)));
  assert.equal(red.facts['kernel_source'], 'kernel-core 6.12.1-3.fc43');
  for (const odd of ['', 'Package: a b\nVersion: 1\n', 'Package: x\nVersion: \u001b[31m\n']) {
    const { facts: none } = await open(
      await write('odd.deb', deb(tar(kernelEntries()), 'data.tar', odd)),
    );
    assert.equal(none['kernel_source'], undefined, odd);
  }
});

test('takes what modules.dep says besides what the modules say', async () => {
  const base = `./usr/lib/modules/${release}`;
  const dep = 'kernel/virt/lib/irqbypass.ko: kernel/drivers/net/unneeded.ko\n';
  const entries = [...kernelEntries(), { name: `${base}/modules.dep`, data: dep }];
  const { modules } = await open(await write('linux.deb', deb(tar(entries))));
  assert.deepEqual(
    modules.map(({ name }) => name),
    ['unneeded.ko', 'irqbypass.ko', 'kvm.ko', 'other_lib.ko', 'kvm_hv.ko'],
  );
});

test('loads nothing when KVM is built in, and says what the config lacks', async () => {
  const config = goodConfig
    .replace('KVM_BOOK3S_64_HV=m', 'KVM_BOOK3S_64_HV=y')
    .replace(/CONFIG_CFS_B.*\n/, '');
  const entries = kernelEntries().map((e) => (/config/.test(e.name) ? { ...e, data: config } : e));
  const kernel = await open(await write('linux.deb', deb(tar(entries))));
  assert.deepEqual(kernel.modules, []);
  assert.deepEqual(kernel.missing, ['CONFIG_CFS_BANDWIDTH=y (cpu.max, the limit under test)']);
});

const wrong: readonly [string, RegExp, () => Promise<string[]>][] = [
  [
    'no image',
    /no kernel image is in the given packages/,
    async () => [await write('a.deb', deb(tar([])))],
  ],
  [
    'a missing file',
    /nowhere\.deb: no such file/,
    () => Promise.resolve([join(dir, 'nowhere.deb')]),
  ],
  [
    'another architecture',
    /vmlinuz: a file for x86_64, 64 bits, little-endian/,
    async () => [await write('vmlinuz', elf('.rodata', 'Linux version 6.1 (x)', 62))],
  ],
  [
    'big-endian POWER',
    /a file for ppc64, 64 bits, big-endian/,
    async () => [await write('vmlinux', elf('.rodata', 'Linux version 6.1 (x)', 21, 'BE'))],
  ],
  [
    'no kernel',
    /no kernel image for POWER \(ppc64le\): no vmlinux or zImage/,
    async () => [await write('vmlinux', 'hello')],
  ],
  [
    'modules of another kernel',
    /kvm_hv\.ko is for kernel 6\.11\.0, and the image is 6\.12\.1-test/,
    async () => {
      const entries = kernelEntries().map((e) =>
        /kvm-hv/.test(e.name) ? { ...e, data: moduleKo('kvm_hv', 'kvm', '6.11.0') } : e,
      );
      return [await write('a.deb', deb(tar(entries)))];
    },
  ],
  [
    'two kernels',
    /several kernels: 6\.12\.1-test, 6\.13/,
    async () => {
      const entries = [...kernelEntries(), { name: './boot/vmlinux-6.13', data: vmlinux('6.13') }];
      return [await write('a.deb', deb(tar(entries)))];
    },
  ],
  [
    'a broken module',
    /kvm_hv\.ko is not a kernel module for ppc64le/,
    async () => {
      const entries = kernelEntries().map((e) => (/kvm-hv/.test(e.name) ? { ...e, data: 'x' } : e));
      return [await write('a.deb', deb(tar(entries)))];
    },
  ],
];
for (const [what, message, files] of wrong) {
  test(`says so: ${what}`, async () => {
    await assert.rejects(open(...(await files())), (error: Error) => {
      assert.match(error.message, message);
      return error instanceof JobError;
    });
    const left = (await readdir(join(dir, 'cache'))).filter((name) => !/^[0-9a-f]{24}$/.test(name));
    assert.deepEqual(left, []);
  });
}

test('an abort ends the unpacking', async () => {
  const file = await write('linux.deb', deb(compress('xz', tar(kernelEntries())), 'data.tar.xz'));
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(openPackages([file], join(dir, 'cache-aborted'), controller.signal));
});

test('tells kernel packages from source packages', () => {
  assert.equal(namesKernelPackage('debian:linux-image-powerpc64le@sid'), true);
  assert.equal(namesKernelPackage('debian:linux-source-7.2@sid'), false);
  assert.equal(namesKernelPackage('linux-image-powerpc64le.deb'), false);
});
