// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packInitramfs } from '../../src/images/cpio.js';

const files = [
  { path: 'modules/kvm.ko', data: Buffer.from('module'), mode: 0o644 },
  { path: 'init', data: Buffer.from('#!'), mode: 0o755 },
];

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly data: string;
  readonly device: string;
}

// An independent reader of the format, by its description in the kernel's documentation.
function unpack(archive: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < archive.length;) {
    const field = (n: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + n * 8, at + 14 + n * 8), 16);
    assert.equal(archive.toString('latin1', at, at + 6), '070701');
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const name = archive.toString('latin1', at + 110, at + 110 + nameSize - 1);
    const start = (at + 110 + nameSize + 3) & ~3;
    const device = `${field(9)}:${field(10)}`;
    entries.push({ name, mode, device, data: archive.toString('latin1', start, start + size) });
    at = (start + size + 3) & ~3;
  }
  return entries;
}

test('an initramfs holds its files, their folders and /dev/console', () => {
  const entries = unpack(packInitramfs(files));
  assert.deepEqual(
    entries.map(({ name }) => name),
    ['dev', 'modules', 'dev/console', 'init', 'modules/kvm.ko', 'TRAILER!!!'],
  );
  const [dev, , console, init, module] = entries;
  assert.equal(dev?.mode, 0o040755);
  assert.deepEqual([console?.mode, console?.device], [0o020600, '5:1']);
  assert.deepEqual([init?.mode, init?.data], [0o100755, '#!']);
  assert.deepEqual([module?.mode, module?.data], [0o100644, 'module']);
});

test('the same files in another order give the same bytes', () => {
  assert.deepEqual(packInitramfs(files), packInitramfs([...files].reverse()));
});
