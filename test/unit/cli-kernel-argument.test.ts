// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { kernelArguments } from '../../src/cli/kernel-argument.js';
import { cpio, deb, rpm, tar, vmlinux } from './kernels-packages-archives.js';

let dir = '';
before(async () => (dir = await mkdtemp(join(tmpdir(), 'busyguest-arguments-'))));
after(() => rm(dir, { recursive: true, force: true }));

const signal = new AbortController().signal;

async function write(name: string, data: Buffer): Promise<string> {
  const path = join(dir, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, data);
  return path;
}

const debian = (file: string, name: string, version: string): Promise<string> =>
  write(file, deb(tar([]), 'data.tar', `Package: ${name}\nVersion: ${version}\n`));

/** Each kernel as its name and its files, without the folder. */
const read = async (...given: readonly string[]): Promise<string[]> =>
  (await kernelArguments(given, signal)).map(
    ({ name, files }) =>
      `${name ?? '-'}: ${files.map((file) => file.replace(`${dir}/`, '')).join(' ')}`,
  );

test('names of an archive are kernels of their own, files with commas one together', async () => {
  const [a, b] = [await write('a', vmlinux()), await write('b', vmlinux())];
  assert.deepEqual(await read('debian:x', `${a},${b}`, 'debian:y@sid'), [
    '-: debian:x',
    'a: a b',
    '-: debian:y@sid',
  ]);
});

test("Debian's packages of two versions are two kernels, however they are called and ordered", async () => {
  const modules = await debian('1.deb', 'linux-modules-7.2.13+deb14-powerpc64le', '7.2.13-1');
  const old = await debian('2.deb', 'linux-image-6.12.107+deb13-powerpc64le', '6.12.107-1');
  const binary = await debian('3.deb', 'linux-binary-7.2.13+deb14-powerpc64le', '7.2.13-1');
  const meta = await debian('4.deb', 'linux-image-powerpc64le', '7.2.13-1');
  const debug = await debian('5.deb', 'linux-image-6.12.107+deb13-powerpc64le-dbg', '6.12.107-1');
  assert.deepEqual(await read(modules, old, binary, meta, debug), [
    'linux-binary-7.2.13-deb14-powerpc64le: 1.deb 3.deb 4.deb',
    'linux-image-6.12.107-deb13-powerpc64le: 2.deb 5.deb',
  ]);
});

test('two flavours of a version are two kernels, and so are two builds of a package', async () => {
  const names = ['linux-binary-7.2.13-powerpc64le', 'linux-binary-7.2.13-powerpc64le-64k'];
  const flavours = await Promise.all(names.map((name) => debian(`${name}.deb`, name, '7.2.13-1')));
  assert.deepEqual(
    await read(...flavours),
    names.map((name) => `${name}: ${name}.deb`),
  );
  const builds = ['7.2.13-1', '7.2.13-2'].map((version) =>
    debian(`${version}.deb`, 'linux-image-7.2.13', version),
  );
  assert.deepEqual(await read(...(await Promise.all(builds))), [
    'linux-image-7.2.13-7.2.13-1: 7.2.13-1.deb',
    'linux-image-7.2.13-7.2.13-2: 7.2.13-2.deb',
  ]);
});

test("Fedora's packages: the core and its modules are one kernel a version", async () => {
  const fedora = (name: string, version: string): Promise<string> =>
    write(`${name}-${version}.rpm`, rpm(cpio([]), { name, version, release: '3.fc43' }));
  const given = await Promise.all([
    fedora('kernel-core', '6.12.1'),
    fedora('kernel-modules-core', '6.12.1'),
    fedora('kernel-core', '7.2.1'),
    fedora('kernel-modules-core', '7.2.1'),
  ]);
  assert.deepEqual(await read(...given), [
    'kernel-core-6.12.1-3.fc43: kernel-core-6.12.1.rpm kernel-modules-core-6.12.1.rpm',
    'kernel-core-7.2.1-3.fc43: kernel-core-7.2.1.rpm kernel-modules-core-7.2.1.rpm',
  ]);
});

test('bare images are kernels of their own; modules and a config go with the image before them', async () => {
  const [one, two] = [await write('old/vmlinux', vmlinux()), await write('new/vmlinux', vmlinux())];
  await mkdir(join(dir, 'modules'));
  const config = await write('new/config', Buffer.from(''));
  assert.deepEqual(await read(one, two), ['old-vmlinux: old/vmlinux', 'new-vmlinux: new/vmlinux']);
  assert.deepEqual(await read(one, join(dir, 'modules'), config), [
    'vmlinux: old/vmlinux modules new/config',
  ]);
});

test('a file that is not there is said so', async () => {
  await assert.rejects(read(join(dir, 'nowhere.deb')), /nowhere\.deb: no such file/);
});
