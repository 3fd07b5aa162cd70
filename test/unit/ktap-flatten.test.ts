// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatten } from '../../src/ktap/flatten.js';
import { readKtap } from '../../src/ktap/reader.js';
import { renderFlatTap, renderTap } from '../../src/reports/tap.js';
import { sampleRun } from './reports-run.js';

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

test('metrics and reasons come along through the runner of kselftest', () => {
  const [one, two] = flatten(
    readKtap([
      'TAP version 13',
      '1..1',
      '# selftests: busy-guest: busy-guest',
      '# TAP version 13',
      '# 1..2',
      '# # metric: usage 5 us',
      '# ok 1 a',
      '# # reason: 3.3 x the quota',
      '# # metric: overrun_ratio 3.312 ratio',
      '# not ok 2 b',
      'not ok 1 selftests: busy-guest: busy-guest # exit=1',
    ]),
  );
  assert.deepEqual(one?.metrics, [{ name: 'usage', value: 5, unit: 'us' }]);
  assert.deepEqual(two?.metrics, [{ name: 'overrun_ratio', value: 3.312, unit: 'ratio' }]);
  assert.equal(two.reason, '3.3 x the quota');
});

test('a parent that never came is listed where its subtests do not tell', () => {
  const begin = ['1..1', '    # Subtest: p', '    1..2', '    ok 1 a'];
  assert.deepEqual(flat(...begin), ['PASS p/a', 'MISS p/case 2']);
  assert.deepEqual(flat(...begin, '    ok 2 b'), ['PASS p/a', 'PASS p/b', 'MISS p']);
});

test('what results.tap says of a run is read back, in both forms', () => {
  const run = sampleRun();
  const kinds = { PASS: 'PASS', SKIP: 'SKIP', FAIL: 'FAIL', ERROR: 'FAIL', MISS: 'FAIL' };
  for (const [render, between] of [[renderTap, '/'] as const, [renderFlatTap, ': '] as const]) {
    const cases = new Map(
      flatten(readKtap(render(run, 'fail').split('\n'))).map((one) => [one.name, one]),
    );
    for (const job of run.jobs) {
      for (const { name, status, metrics } of job.cases) {
        const read = cases.get(`${job.name}${between}${name}`);
        assert.equal(read?.status, kinds[status], name);
        assert.deepEqual(read.metrics, metrics);
      }
    }
  }
});
