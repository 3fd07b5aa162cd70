// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flatten } from '../../src/ktap/flatten.js';
import { readPayload } from '../../src/ktap/payload.js';
import { readKtap, type KtapCase } from '../../src/ktap/reader.js';

const pieces = [
  'ok',
  'not ok',
  'not',
  ' ',
  '  ',
  '    ',
  '\t',
  '#',
  '# ',
  '1',
  '2',
  ' 1 ',
  ' 2 ',
  '-',
  'name',
  'other',
  '1..2',
  '1..',
  'KTAP version 1',
  'TAP version 13',
  '# Subtest: name',
  '# selftests: a: b',
  'SKIP',
  ' # SKIP',
  ' # XFAIL',
  ' # TIMEOUT',
  '[    1.234567] ',
  '<6>',
  '[   T12] ',
  'Bail out!',
  '\r',
  '\0',
  'é',
  '\ud800',
  '__proto__',
  'BUSYGUEST-START v1',
  'BUSYGUEST-END 0',
  '# metric: ',
  '# fact: ',
  '# sample: ',
  'usb 1-1: new',
];
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map((all) => all.join('')),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 60 }) },
);
const log = fc.array(line, { maxLength: 40 });
const runs = { numRuns: 10_000 };

function all(cases: readonly KtapCase[]): KtapCase[] {
  return cases.flatMap((one) => [one, ...all(one.cases)]);
}

/** Whether some line says `ok`, not `not ok`, and then this name. */
function isSaid(lines: readonly string[], name: string): boolean {
  return lines.some((text) =>
    [...text.matchAll(/(?<!not )(?<!\w)ok(?=\s|$)/g)].some(
      ({ index }) => /^case \d+$/.test(name) || text.slice(index).includes(name),
    ),
  );
}

test('any input: nothing throws, and no case passes whose ok line is not there', () => {
  fc.assert(
    fc.property(log, fc.boolean(), (lines, terminated) => {
      const document = readKtap(lines, { terminated, expected: ['name', 'never'] });
      for (const one of all(document.cases)) {
        if (one.status === 'PASS') assert.ok(isSaid(lines, one.name), one.name);
      }
      assert.equal(document.cases.find((one) => one.name === 'never')?.status, 'MISS');
      const names = flatten(document).map((one) => one.name);
      assert.equal(new Set(names).size, names.length);
    }),
    runs,
  );
});

test('any input: the payload reader neither throws nor invents a PASS', () => {
  fc.assert(
    fc.property(log, (lines) => {
      const console = ['BUSYGUEST-START v1', ...lines];
      const { cases } = readPayload(console, { expectedCases: ['name', 'never'] });
      for (const one of cases) {
        if (one.status === 'PASS') assert.ok(isSaid(lines, one.name), one.name);
      }
      assert.notEqual(cases.find((one) => one.name === 'never')?.status, 'PASS');
    }),
    runs,
  );
});

test('results survive whole kernel messages between them', () => {
  const message = fc.constantFrom('[    1.234567] usb 1-1: new', '<6>[   12.000000][   T7] x', '');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.array(message, { maxLength: 3 })), { maxLength: 20 }),
      (results) => {
        const lines = results.flatMap(([ok, noise], index) => [
          ...noise,
          `${ok ? 'ok' : 'not ok'} ${index + 1} case_${index}`,
        ]);
        const document = readKtap(['KTAP version 1', `1..${results.length}`, ...lines]);
        assert.deepEqual(
          document.cases.map((one) => one.status),
          results.map(([ok]) => (ok ? 'PASS' : 'FAIL')),
        );
      },
    ),
  );
});

test('cutting a log anywhere never makes a failed case pass', () => {
  const whole = [
    'KTAP version 1',
    '1..3',
    'ok 1 abc',
    'not ok 2 abcdef',
    'ok 3 abcd # SKIP x',
    '',
  ].join('\n');
  for (let length = 0; length <= whole.length; length += 1) {
    const lines = whole.slice(0, length).split('\n');
    const { cases } = readKtap(lines, { terminated: false });
    const passed = cases.filter((one) => one.status === 'PASS').map((one) => one.name);
    assert.ok(
      passed.every((name) => name === 'abc'),
      `${length}: ${passed.join()}`,
    );
  }
});
