// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { qemuDigest, type QemuBinary } from '../../src/devices/qemu/binary.js';
import { aMinuteLater, ownCache, streamsRead } from './own-cache.js';

test('QEMU and its firmware are read once; again when one of them is another', async (context) => {
  const { dir } = await ownCache(context);
  aMinuteLater(context);
  const [program, firmware] = [join(dir, 'qemu'), join(dir, 'vof.bin')];
  await writeFile(program, 'qemu', { mode: 0o755 });
  await writeFile(firmware, 'firmware');
  const argv = ['/lib/ld.so', program, '-L', dir];
  const version = [10, 0, 2] as const;
  const qemu: QemuBinary = { argv, program, firmware: dir, version, versionText: '' };
  const read = streamsRead(context);
  const before = await qemuDigest(qemu);
  assert.equal(await qemuDigest(qemu), before);
  assert.deepEqual(read().sort(), [program, firmware]);
  await writeFile(firmware, 'other firmware');
  assert.notEqual(await qemuDigest(qemu), before);
  assert.deepEqual(read(), [firmware]);
});
