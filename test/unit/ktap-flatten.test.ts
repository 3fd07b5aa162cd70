// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatten } from '../../src/ktap/flatten.js';
import { readKtap } from '../../src/ktap/reader.js';

function flat(...lines: string[]): string[] {
  return flatten(readKtap(lines)).map((one) => `${one.status} ${one.name}`);
}

test('leaves carry their parents in the name; a parent that only repeats them is left out', () => {
  assert.deepEqual(flat('1..1', '  1..2', '  ok 1 a', '  not ok 2 b', 'not ok 1 p'), [
    'PASS p/a',
    'FAIL p/b',
  ]);
});

test('a parent that says more than its subtests is listed', () => {
  assert.deepEqual(flat('1..1', '  1..1', '  ok 1 a', 'not ok 1 p # exit=139'), [
    'PASS p/a',
    'FAIL p',
  ]);
});

test('names are made unique', () => {
  assert.deepEqual(flat('ok 1 a', 'ok 2 a', 'ok 3 a (2)', 'ok 4 a'), [
    'PASS a',
    'PASS a (2)',
    'PASS a (2) (2)',
    'PASS a (3)',
  ]);
});

test('bail out and skip of everything are cases', () => {
  assert.deepEqual(flat('ok 1 a', 'Bail out! no memory'), ['PASS a', 'ERROR Bail out!']);
  assert.deepEqual(flat('1..0 # SKIP no kvm'), ['SKIP all']);
});

test('metrics come along', () => {
  const [one] = flatten(readKtap(['# metric: usage 5 us', 'ok 1 a']));
  assert.deepEqual(one?.metrics, [{ name: 'usage', value: 5, unit: 'us' }]);
});
