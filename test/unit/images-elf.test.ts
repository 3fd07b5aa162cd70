// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { libraryClosure, readDynamic } from '../../src/images/elf.js';

/** An ELF program with a loader and the given libraries, as small as it can be. */
function elf(needed: readonly string[], interpreter = '/lib64/ld64.so.2'): Buffer {
  const base = 0x10000;
  const strings = Buffer.from(['', ...needed].map((name) => `${name}\0`).join(''));
  const loader = Buffer.from(`${interpreter}\0`);
  const tableAt = 64 + 3 * 56;
  const entries: [number, number][] = [];
  let name = 1;
  for (const one of needed) {
    entries.push([1, name]);
    name += one.length + 1;
  }
  const dynamicBytes = (entries.length + 2) * 16;
  const stringsAt = tableAt + dynamicBytes;
  entries.push([5, base + stringsAt], [0, 0]);
  const file = Buffer.alloc(stringsAt + strings.length + loader.length);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(3, 56);
  const segment = (index: number, type: number, offset: number, bytes: number): void => {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(BigInt(offset), at + 8);
    file.writeBigUInt64LE(BigInt(base + offset), at + 16);
    file.writeBigUInt64LE(BigInt(bytes), at + 32);
  };
  segment(0, 1, 0, file.length);
  segment(1, 2, tableAt, dynamicBytes);
  segment(2, 3, stringsAt + strings.length, loader.length);
  entries.forEach(([tag, value], index) => {
    file.writeBigUInt64LE(BigInt(tag), tableAt + index * 16);
    file.writeBigUInt64LE(BigInt(value), tableAt + index * 16 + 8);
  });
  strings.copy(file, stringsAt);
  loader.copy(file, stringsAt + strings.length);
  return file;
}

test('what a program needs is read from its dynamic section', () => {
  assert.deepEqual(readDynamic(elf(['libc.so.6', 'libfdt.so.1'])), {
    needed: ['libc.so.6', 'libfdt.so.1'],
    interpreter: '/lib64/ld64.so.2',
  });
  assert.equal(readDynamic(Buffer.from('#!/bin/sh\n')), undefined);
});

test('a damaged program is refused, at any length', () => {
  const whole = elf(['libc.so.6']);
  for (let length = 0; length < whole.length; length += 1) {
    const { needed } = readDynamic(whole.subarray(0, length)) ?? { needed: ['libc.so.6'] };
    assert.deepEqual(needed, ['libc.so.6'], `${length} bytes`);
  }
});

test('the closure has each library once, and names those that are not there', async () => {
  const needs: Readonly<Record<string, readonly string[]>> = {
    'a.so': ['b.so', 'c.so'],
    'b.so': ['c.so', 'a.so'],
    'c.so': ['gone.so'],
  };
  const find = (
    soname: string,
  ): Promise<{ path: string; dynamic: { needed: readonly string[] } } | undefined> => {
    const needed = needs[soname];
    return Promise.resolve(needed && { path: `/lib/${soname}`, dynamic: { needed } });
  };
  const { libraries, missing } = await libraryClosure({ needed: ['a.so'] }, find);
  assert.deepEqual(
    libraries.map(({ soname }) => soname),
    ['a.so', 'b.so', 'c.so'],
  );
  assert.deepEqual(missing, ['gone.so']);
});
