// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoteWord, splitWords } from '../../src/system/shell-words.js';
import { compareResults, type ComparedResult } from '../../src/verdict/same-result.js';

const word = fc.string({
  unit: fc.constantFrom(
    'a',
    "'",
    '"',
    ' ',
    '\\',
    '$',
    '`',
    '\n',
    '*',
    ';',
    '&',
    '|',
    'é',
    '-',
    '=',
    ',',
  ),
  maxLength: 12,
});

test('quoted words are read back, by us and by a shell', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      assert.deepEqual(splitWords(words.map(quoteWord).join(' ')), words);
    }),
  );
  const all = fc.sample(word, 200);
  const script = `printf '%s\\0' ${all.map(quoteWord).join(' ')}`;
  const said = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
  assert.deepEqual(said.split('\0').slice(0, -1), all);
});

const then: ComparedResult = {
  status: 'PASS',
  cases: [
    { name: 'a', status: 'PASS', metrics: [{ name: 'usage', value: 1, unit: 'us' }] },
    { name: 'b', status: 'PASS', metrics: [] },
  ],
};

test('results differ in status, cases and metrics; absent is not the same', () => {
  assert.deepEqual(compareResults(then, then), { status: [], cases: [], metrics: [] });
  const now: ComparedResult = {
    status: 'FAIL',
    cases: [
      { name: 'a', status: 'PASS', metrics: [{ name: 'usage', value: 2, unit: 'us' }] },
      { name: 'c', status: 'FAIL', metrics: [] },
    ],
  };
  assert.deepEqual(compareResults(then, now), {
    status: ['PASS, now FAIL'],
    cases: ['b: PASS, now absent', 'c: absent, now FAIL'],
    metrics: ['a.usage: 1 us, now 2 us'],
  });
});
