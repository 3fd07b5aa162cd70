// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectDir } from '../../src/system/files.js';

const dir = mkdtempSync(join(tmpdir(), 'busyguest-test-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const payload = join(projectDir, 'guest-images', 'busy-guest');
const program = join(dir, 'trace-parts');

execFileSync('gcc', [
  ...['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-g', '-o', program],
  ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', `-I${payload}`],
  join(projectDir, 'test', 'fixtures', 'payload', 'trace-parts.c'),
  ...[
    'btf.c',
    'slope.c',
    'trace.c',
    'trace-offsets.c',
    'tracefs.c',
    'cgroup.c',
    'clock.c',
    'parse.c',
  ].map((file) => join(payload, file)),
]);

const call = (...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8' }).trim();

/** BTF with an int, a pointer, `struct other { x }` and `struct cfs_rq { first; tg }`, tg at `bits`. */
function btfWith(bits: number): Buffer {
  const strings = ['', 'int', 'other', 'x', 'cfs_rq', 'first', 'tg'];
  const at = (name: string): number =>
    strings.slice(0, strings.indexOf(name)).reduce((sum, one) => sum + one.length + 1, 0);
  const words = (...list: number[]): Buffer => Buffer.from(Uint32Array.from(list).buffer);
  const kind = { int: 1, pointer: 2, struct: 4 } as const;
  const types = Buffer.concat([
    words(at('int'), kind.int << 24, 4, 32),
    words(0, kind.pointer << 24, 1),
    words(at('other'), (kind.struct << 24) | 1, 4, at('x'), 1, 0),
    words(at('cfs_rq'), (kind.struct << 24) | 2, 64, at('first'), 1, 0, at('tg'), 2, bits),
  ]);
  const text = Buffer.from(strings.map((one) => `${one}\0`).join(''));
  const header = Buffer.concat([
    Buffer.from([0x9f, 0xeb, 1, 0]),
    words(24, 0, types.length, types.length, text.length),
  ]);
  return Buffer.concat([header, types, text]);
}

test('members are found in BTF, and damaged BTF is survived', () => {
  const file = join(dir, 'vmlinux');
  writeFileSync(file, btfWith(320));
  assert.equal(call('btf', file, 'cfs_rq', 'tg'), '40');
  assert.equal(call('btf', file, 'cfs_rq', 'x'), '-1');
  assert.equal(call('btf', file, 'other', 'x'), '0');
  assert.equal(call('btf', file, 'task_group', 'tg'), '-1');
  writeFileSync(file, btfWith(321));
  assert.equal(call('btf', file, 'cfs_rq', 'tg'), '-1', 'a bit is no byte offset');
});

test('slopes: ns over us are ms a second, to the nearest', () => {
  assert.equal(call('slope', '0', '0', '100000', '-70000000', '200000', '-140000000'), '-700');
  assert.equal(call('slope', '5000000', '-900', '5100000', '29999100'), '300');
  assert.equal(call('slope', '0', '10', '3', '12', '6', '10'), '0');
  assert.equal(call('slope', '1', '2'), '0');
});

test('offsets of a build: all three, in any order, nothing else', () => {
  const tg = 'cfs_rq.tg=472';
  const rest = 'cfs_rq.runtime_remaining=488,task_group.cfs_bandwidth.runtime=536';
  assert.equal(call('offsets', `${tg},${rest}`), '472 488 536');
  assert.equal(call('offsets', `${rest},${tg}`), '472 488 536');
  for (const wrong of [tg, `${tg}x,${rest}`, `cfs_rq.tg=-1,${rest}`, `my_${tg},${rest}`, '']) {
    assert.equal(call('offsets', wrong), 'refused', wrong);
  }
});
