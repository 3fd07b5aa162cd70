// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FaultReader } from '../../src/console/fault-reader.js';
import { faultPatterns } from '../../src/console/faults.js';
import { LineSplitter } from '../../src/console/lines.js';
import { clean } from '../../src/console/title.js';
import type { Fault, Phase } from '../../src/model/result.js';

const fixtures = new URL('../../../test/fixtures/consoles/', import.meta.url);
const logs = readdirSync(fixtures).filter((name) => name.endsWith('.log'));

function readFixture(file: string): Fault[] {
  const splitter = new LineSplitter();
  const reader = new FaultReader();
  let phase: Phase = 'firmware';
  const bytes = readFileSync(new URL(file, fixtures));
  for (const { text } of [...splitter.push(bytes), ...splitter.end()]) {
    if (phase === 'firmware' && text.includes('Linux version')) phase = 'boot';
    if (text.startsWith('BUSYGUEST-START')) phase = 'test';
    if (text.startsWith('BUSYGUEST-END')) phase = 'shutdown';
    reader.feed(text, phase);
  }
  return reader.end();
}

function titles(...lines: string[]): string[] {
  const reader = new FaultReader();
  for (const line of lines) reader.feed(line, 'test');
  return reader.end().map((fault) => fault.title);
}

for (const file of logs) {
  test(`console ${file}`, () => {
    const faults = readFixture(file);
    const actual = faults.map(({ class: name, title, phase }) => ({ class: name, title, phase }));
    const expected = new URL(file.replace(/\.log$/, '.expected.json'), fixtures);
    if (process.env['UPDATE_FIXTURES'])
      writeFileSync(expected, `${JSON.stringify(actual, null, 2)}\n`);
    assert.deepEqual(actual, JSON.parse(readFileSync(expected, 'utf8')));
    for (const fault of faults) assert.ok(fault.lines.length <= 100);
  });
}

test('every class of the table has a console', () => {
  const seen = new Set(logs.flatMap((file) => readFixture(file).map((fault) => fault.class)));
  const withoutConsole = new Set(
    faultPatterns.map((one) => one.class).filter((name) => !seen.has(name)),
  );
  // KMSAN does not exist on powerpc; its line differs from KASAN's in one letter.
  assert.deepEqual([...withoutConsole], ['kmsan']);
  assert.ok(seen.has('reset-loop'));
});

test('both formats of WARNING give one title', () => {
  const old = titles(
    '[    1.000000] WARNING: CPU: 3 PID: 9 at kernel/smp.c:844 smp_call+0x560/0x578',
  );
  assert.deepEqual(old, ['WARNING: kernel/smp.c:844 at smp_call']);
  assert.deepEqual(
    titles('WARNING: ../linux-7.2/kernel/smp.c:844 at smp_call+0x560/0x578, CPU#0: swapper/0/0'),
    old,
  );
  assert.deepEqual(titles('WARNING: at smp_call+0x560/0x578, CPU#0: swapper/0/0'), [
    'WARNING: at smp_call',
  ]);
});

test('a title is reported once', () => {
  const line = 'BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580';
  assert.equal(titles(line, line, line).length, 1);
});

test('a panic within another line is found', () => {
  assert.deepEqual(titles('ok 1 na[    1.234567] Kernel panic - not syncing: Fatal exception'), [
    'Kernel panic - not syncing: Fatal exception',
  ]);
});

test('after a panic only debugger, firmware and hardware count', () => {
  const panic = 'Kernel panic - not syncing: Fatal exception';
  assert.deepEqual(
    titles(
      panic,
      'WARNING: kernel/smp.c:844 at f+0x1/0x2, CPU#0: a/1',
      '0:mon> ',
      'Kernel panic - not syncing: x',
    ),
    [panic, 'xmon: prompt'],
  );
});

test('a kernel that restarts without firmware is a reset loop; one replayed by a second console is not', () => {
  const kernel = '[    0.000000] Linux version 7.2.13';
  assert.deepEqual(titles(kernel, kernel), []);
  assert.deepEqual(titles(kernel, '[    9.000000] reboot: Restarting system', kernel), [
    'reset: kernel started again',
  ]);
});

test('fatal tells when nothing more will come', () => {
  const reader = new FaultReader();
  reader.feed('WARNING: kernel/smp.c:844 at f+0x1/0x2, CPU#0: a/1', 'test');
  assert.equal(reader.fatal, false);
  reader.feed('Kernel panic - not syncing: Fatal exception', 'test');
  assert.equal(reader.fatal, true);
});

test('titles hold nothing that differs between runs', () => {
  assert.equal(
    clean('BUG: spinlock bad magic on CPU#0, swapper/0/1'),
    clean('BUG: spinlock bad magic on CPU#3, busyguest/131'),
  );
  assert.equal(
    clean('BUG: Bad page state in process init  pfn:0f3a1'),
    'BUG: Bad page state in process init',
  );
  assert.equal(
    clean('BUG: using smp_processor_id() in preemptible [00000000] code: init/1'),
    'BUG: using smp_processor_id() in preemptible [ADDR] code: init',
  );
  assert.equal(clean('x at 0xc00000000012a3c8 y'), 'x y');
});

test('any input: nothing throws, and what is kept is bounded', () => {
  const words = [
    ...'BUG: |WARNING: |Oops: |Kernel panic - not syncing: |[    1.234567] |KVM |rcu: |INFO: '.split(
      '|',
    ),
    ...'CPU: 1 PID: 2 at |a.c:1 |f+0x1/0x2|, CPU#1: |0:mon>|SLOF **********|Linux version |x|0xc000000000000000'.split(
      '|',
    ),
  ];
  const line = fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((all) => all.join(''));
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string()), { maxLength: 60 }), (lines) => {
      const reader = new FaultReader();
      for (const text of lines) reader.feed(text, 'boot');
      const found = reader.end();
      assert.equal(new Set(found.map((fault) => fault.title)).size, found.length);
      for (const fault of found) assert.ok(fault.title.length > 0 && fault.title.length < 300);
    }),
    { numRuns: 1000 },
  );
});

test('a flood of different faults stays bounded', () => {
  const reader = new FaultReader();
  for (let number = 0; number < 50_000; number += 1) {
    reader.feed(`WARNING: kernel/smp.c:${number} at f+0x1/0x2, CPU#0: a/1`, 'test');
  }
  const found = reader.end();
  assert.equal(found.length, 100);
  assert.ok(found.reduce((sum, fault) => sum + fault.lines.length, 0) <= 100 * 60);
});
