// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { machineArgv } from '../../src/devices/qemu/argv.js';
import { fetchedIn, qemuDigest, type QemuBinary } from '../../src/devices/qemu/binary.js';
import { qemuMachines, usualArchitecture } from '../../src/architectures/architectures.js';
import { aMinuteLater, ownCache, streamsRead } from './own-cache.js';

test('QEMU and its firmware are read once; again when one of them is another', async (context) => {
  const { dir } = await ownCache(context);
  aMinuteLater(context);
  const [program, firmware] = [join(dir, 'qemu'), join(dir, 'vof.bin')];
  await writeFile(program, 'qemu', { mode: 0o755 });
  await writeFile(firmware, 'firmware');
  const argv = ['/lib/ld.so', program, '-L', dir];
  const version = [10, 0, 2] as const;
  const qemu: QemuBinary = { argv, program, firmware: [dir], version, versionText: '' };
  const read = streamsRead(context);
  const before = await qemuDigest(qemu, usualArchitecture);
  assert.equal(await qemuDigest(qemu, usualArchitecture), before);
  assert.deepEqual(read().sort(), [program, firmware]);
  await writeFile(firmware, 'other firmware');
  assert.notEqual(await qemuDigest(qemu, usualArchitecture), before);
  assert.deepEqual(read(), [firmware]);
});

test('a folder without the program is not asked for it', async (context) => {
  const { dir } = await ownCache(context);
  const [lib, bin, asked] = [join(dir, 'usr/lib/any'), join(dir, 'usr/bin'), join(dir, 'asked')];
  for (const folder of [lib, bin]) await mkdir(folder, { recursive: true });
  const loader = `#!/bin/sh\ntouch ${asked}\necho 'QEMU emulator version 11.1.3'\n`;
  await writeFile(join(lib, 'ld64.so.2'), loader, { mode: 0o755 });
  const { qemu } = usualArchitecture;
  assert.equal(await fetchedIn(dir, qemu), undefined);
  await assert.rejects(rm(asked));
  await writeFile(join(bin, qemu.program), '', { mode: 0o755 });
  assert.deepEqual((await fetchedIn(dir, qemu))?.version, [11, 1, 3]);
  await rm(asked);
});

test('with counted instructions several CPUs take short turns, and each is as fast as one alone', () => {
  const powernv9 = qemuMachines.find(({ name }) => name === 'qemu-powernv9');
  assert.ok(powernv9);
  const argv = (cpus: number, icount: boolean): string =>
    machineArgv(powernv9, cpus, icount).join(' ');
  const shift = (cpus: number): string | undefined =>
    /-icount shift=(\d+)/.exec(argv(cpus, true))?.[1];
  assert.deepEqual([1, 2, 3, 4, 16].map(shift), ['4', '3', '2', '2', '0']);
  assert.match(argv(2, true), /-object filter-buffer,id=turn,netdev=turns,interval=200 /);
  assert.doesNotMatch(argv(1, true) + argv(2, false), /turns/);
});
