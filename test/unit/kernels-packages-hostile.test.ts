// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { usualArchitecture } from '../../src/architectures/architectures.js';
import fc from 'fast-check';
import { JobError } from '../../src/model/errors.js';
import { extract } from '../../src/kernels/packages/archive.js';
import type { Found } from '../../src/kernels/packages/contents.js';
import { openPackages } from '../../src/kernels/packages/distro-kernel.js';
import { gatherModules } from '../../src/kernels/packages/gather-modules.js';
import { limits } from '../../src/kernels/packages/refusal.js';
import {
  compress,
  cpio,
  deb,
  kernelEntries,
  moduleKo,
  release,
  rpm,
  tar,
  type Entry,
} from './kernels-packages-archives.js';

let dir = '';
before(async () => (dir = await mkdtemp(join(tmpdir(), 'busyguest-hostile-'))));
after(() => rm(dir, { recursive: true, force: true }));

const signal = new AbortController().signal;

/** Opens a package below dir/N/in/; nothing may be anywhere else below dir/N afterwards. */
async function refused(data: Buffer, message: RegExp): Promise<void> {
  const place = await mkdtemp(join(dir, 'place-'));
  const file = join(place, 'package');
  await mkdir(join(place, 'a/b/cache'), { recursive: true });
  await writeFile(file, data);
  await assert.rejects(openPackages([file], join(place, 'a/b/cache'), signal), (error: Error) => {
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /[\u0000-\u0009\u001b]/);
    return error instanceof JobError;
  });
  const left = (await readdir(place, { recursive: true })).sort();
  assert.deepEqual(left, ['a', 'a/b', 'a/b/cache', 'package']);
}

const evil = 'evil';
const inModules = './usr/lib/modules/6.12.1-test';
const both: readonly [string, Entry, RegExp][] = [
  ['a parent folder', { name: '../../evil', data: evil }, /"\.\.\/\.\.\/evil" leads outside/],
  [
    'a parent folder within',
    { name: `${inModules}/../../../../../boot/vmlinux`, data: evil },
    /leads outside/,
  ],
  ['an absolute name', { name: '/tmp/busyguest-evil', data: evil }, /leads outside/],
  ['an absolute image', { name: '/boot/vmlinux-evil', data: evil }, /leads outside/],
  ['a backslash', { name: './boot\\..\\evil', data: evil }, /leads outside/],
  ['a control character', { name: './boot/\u001b[2Jx', data: evil }, /leads outside/],
  [
    'a link that climbs out',
    { name: './boot/link', type: '2', target: '../../etc' },
    /links to "\.\.\/\.\.\/etc"/,
  ],
  [
    'an image that links away',
    { name: './boot/vmlinux-x', type: '2', target: '/etc/shadow' },
    /links to "\/etc\/shadow"/,
  ],
  [
    'a module that links away',
    { name: `${inModules}/kvm-hv.ko`, type: '2', target: '/etc/shadow' },
    /links to/,
  ],
  ['a device', { name: './dev/sda', type: '3' }, /is not a file, folder or link/],
  [
    'a file twice',
    { name: './boot/vmlinux-6.12.1-test', data: evil },
    /holds "boot\/vmlinux-6\.12\.1-test" twice/,
  ],
  [
    'a huge size',
    { name: './boot/vmlinux-y', data: evil, size: limits.memberBytes + 1 },
    /claims 1073741825 bytes/,
  ],
  ['more than there is', { name: './boot/vmlinux-y', data: evil, size: 100_000 }, /truncated/],
  [
    'a long name',
    { name: `./boot/${'x'.repeat(90)}`, data: evil, size: -1 },
    /damaged|no valid size/,
  ],
];
for (const [what, entry, message] of both) {
  test(`.deb refused: ${what}`, () => refused(deb(tar([...kernelEntries(), entry])), message));
  if (entry.size === -1) continue;
  test(`.rpm refused: ${what}`, () => refused(rpm(cpio([...kernelEntries(), entry])), message));
}

test('.deb refused: a hard link that leads outside', () =>
  refused(deb(tar([{ name: './boot/x', type: '1', target: '../../etc/shadow' }])), /links to/));

test('a folder that is a link does not redirect the files below it', async () => {
  const place = await mkdtemp(join(dir, 'place-'));
  const away = join(place, 'away');
  await mkdir(away);
  const file = join(place, 'package');
  const entries = [
    { name: './boot', type: '2', target: away },
    { name: './boot/vmlinux-x', data: evil },
  ];
  await writeFile(file, deb(tar(entries)));
  await extract(file, () => true, join(place, 'out'), signal).catch(() => undefined);
  assert.deepEqual(await readdir(away), []);
});

test('names come from GNU and pax headers too, and are checked there', async () => {
  const long = `../${'x'.repeat(150)}`;
  await refused(
    deb(
      tar([
        { name: '././@LongLink', type: 'L', data: `${long}\0` },
        { name: 'x', data: evil },
      ]),
    ),
    /leads outside/,
  );
  const record = '22 path=../../escaped\n';
  assert.equal(record.length, 22);
  await refused(
    deb(
      tar([
        { name: 'pax', type: 'x', data: record },
        { name: 'x', data: evil },
      ]),
    ),
    /"\.\.\/\.\.\/escaped" leads/,
  );
  await refused(
    deb(
      tar([
        { name: 'pax', type: 'x', data: '99 path=x\n' },
        { name: 'x', data: evil },
      ]),
    ),
    /pax header.*damaged/,
  );
  await refused(
    deb(tar([{ name: 'x', type: 'L', data: evil, size: 10 ** 9 }])),
    /tar header claims 1000000000 bytes/,
  );
});

test('too many files are refused', () => {
  const many = Array.from({ length: limits.members + 1 }, (_, i) => ({ name: `./${i}` }));
  return refused(deb(compress('gzip', tar(many)), 'data.tar.gz'), /more than 100000 files/);
});

test('a bomb is refused: a module that unpacks to more than a module has', () => {
  const bomb = compress('gzip', Buffer.alloc(limits.moduleBytes + 1));
  const entries = kernelEntries().map((e) =>
    e.name.endsWith('kvm-hv.ko') ? { ...e, name: `${e.name}.gz`, data: bomb } : e,
  );
  return refused(deb(tar(entries)), /unpacks to more than 67108864 bytes/);
});

const whole: readonly [string, Buffer][] = [
  ['.deb', deb(tar(kernelEntries()))],
  ['.deb with xz', deb(compress('xz', tar(kernelEntries())), 'data.tar.xz')],
  ['.rpm', rpm(cpio(kernelEntries()))],
  ['.rpm with zstd', rpm(compress('zstd', cpio(kernelEntries())))],
];
for (const [what, data] of whole) {
  test(`truncated ${what} is refused wherever it ends`, async () => {
    for (const part of [0.1, 0.3, 0.5, 0.9, 0.999]) {
      await refused(data.subarray(0, Math.floor(data.length * part)), /./);
    }
  });
}

test('modules that need others without end are refused', async () => {
  const place = await mkdtemp(join(dir, 'modules-'));
  const [from, to] = [join(place, 'from'), join(place, 'to')];
  for (const path of [from, to]) await mkdir(path);
  const module = async (name: string, depends: string): Promise<Found> => {
    const path = join(from, `${name}.ko`);
    await writeFile(path, moduleKo(name, depends));
    return { name: `lib/modules/${release}/kernel/${name}.ko`, path, origin: 'x.deb' };
  };
  const sources = {
    found: [await module('kvm_hv', 'a0')],
    findMore: (names: ReadonlySet<string>) =>
      Promise.all([...names].map((name) => module(name, `a${Number(name.slice(1)) + 1}`))),
    ...{ release, dir: to, signal, architecture: usualArchitecture },
  };
  // Without a limit, this does not end.
  await assert.rejects(gatherModules(sources), /more than 100 others/);
});

test('damage in what is compressed is found, after the last file too', async () => {
  const packed = compress('xz', tar(kernelEntries()));
  await refused(
    deb(packed.subarray(0, packed.length - 4), 'data.tar.xz'),
    /Unexpected end of input/,
  );
  const payload = compress('zstd', cpio(kernelEntries()));
  await refused(rpm(payload.subarray(0, payload.length - 2)), /refused/);
});

test('a tar header whose sum is wrong is refused', () => {
  const data = tar(kernelEntries());
  data.write('X', 512);
  return refused(deb(data), /a tar header is damaged/);
});

test('whatever is changed in a package, the only error is a JobError and nothing is left', async () => {
  const samples = [deb(tar(kernelEntries())), rpm(cpio(kernelEntries()))];
  const place = await mkdtemp(join(dir, 'place-'));
  const file = join(place, 'package');
  const change = fc.tuple(fc.nat(20_000), fc.nat(255));
  const property = fc.asyncProperty(
    fc.constantFrom(...samples),
    fc.array(change, { minLength: 1, maxLength: 6 }),
    async (sample, changes) => {
      const data = Buffer.from(sample);
      for (const [at, byte] of changes) data[at % data.length] = byte;
      await writeFile(file, data);
      await openPackages([file], join(place, 'cache'), signal).catch((error: unknown) => {
        assert.ok(error instanceof JobError, String(error));
      });
      await rm(join(place, 'cache'), { recursive: true, force: true });
      assert.deepEqual(await readdir(place), ['package']);
    },
  );
  await fc.assert(property, { numRuns: 150 });
});
