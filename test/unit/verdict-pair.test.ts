// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Fault, JobResult } from '../../src/model/result.js';
import type { Verdict } from '../../src/model/status.js';
import { judgePair, overallVerdict, pairUp, pairVerdict } from '../../src/verdict/pair.js';
import { jobWith } from './verdict-evidence.js';

const stall: Fault = { class: 'rcu-stall', title: 'rcu: stall', phase: 'test', lines: [] };
const oops: Fault = { class: 'oops', title: 'Oops in kvmhv', phase: 'test', lines: ['x'] };

const results: Readonly<Record<string, Partial<JobResult>>> = {
  pass: {},
  fail: { status: 'FAIL', decidedBy: 'cases' },
  'fail+stall': { status: 'FAIL', decidedBy: 'cases', faults: [stall] },
  stall: { status: 'FAIL', decidedBy: 'fault', faults: [stall] },
  oops: { status: 'FAIL', decidedBy: 'fault', faults: [oops] },
  'oops+stall': { status: 'FAIL', decidedBy: 'fault', faults: [stall, oops] },
  error: { status: 'ERROR', decidedBy: 'control' },
  unproven: { status: 'ERROR', decidedBy: 'proof' },
  build: { status: 'ERROR', decidedBy: 'build' },
  miss: { status: 'MISS', decidedBy: 'machine' },
  noKvm: { status: 'SKIP', decidedBy: 'cases' },
  noDevice: { status: 'SKIP', decidedBy: 'device' },
};

const job = (kernel: string, result: string, more: Partial<JobResult> = {}): JobResult => {
  const changes = results[result];
  assert.ok(changes, `no result ${result} in this test`);
  return jobWith({ kernel, ...changes, ...more });
};

const letters: Readonly<Record<string, Verdict>> = {
  F: 'fixed',
  E: 'no-effect',
  R: 'regressed',
  N: 'not-reproduced',
  '-': 'inconclusive',
};

// One letter for each patched result, in the order of `results`:
// pass fail fail+stall stall oops oops+stall error unproven build miss noKvm noDevice
const table: Readonly<Record<string, string>> = {
  pass: 'NRR RRR ------',
  fail: 'FEE RRR ------',
  'fail+stall': 'FEE -RR ------',
  stall: '--- --- ------',
  oops: '--- --- ------',
  'oops+stall': '--- --- ------',
  error: '--- --- ------',
  unproven: '--- --- ------',
  build: '--- --- ------',
  miss: '--- --- ------',
  noKvm: '--- --- ------',
  noDevice: '--- --- ------',
};

for (const base of Object.keys(results)) {
  test(`pairVerdict: base ${base}`, () => {
    const row = (table[base] ?? '').replaceAll(' ', '');
    for (const [column, patched] of Object.keys(results).entries()) {
      const verdict = pairVerdict(job('unpatched', base), job('patched', patched));
      assert.equal(verdict, letters[row[column] ?? ''], `${base} -> ${patched}`);
    }
  });
}

test('pairUp: the same device and test only, in the order of the jobs', () => {
  const kernels = [{ name: 'base' }, { name: 'v1', base: 'base' }, { name: 'v2', base: 'gone' }];
  const p9 = { device: 'p9' };
  const p10 = { device: 'p10' };
  const jobs = [
    job('base', 'fail', p10),
    job('base', 'pass', p9),
    job('v1', 'pass', p9),
    job('v1', 'pass', p10),
    job('v1', 'pass', { device: 'p11' }),
    job('v1', 'pass', { ...p9, test: 'other' }),
    job('v2', 'pass', p9),
  ];
  const pairs = pairUp(jobs, kernels).map(judgePair);
  assert.deepEqual(pairs, [
    { base: 'base', patched: 'v1', device: 'p9', test: 'busy-guest', verdict: 'not-reproduced' },
    { base: 'base', patched: 'v1', device: 'p10', test: 'busy-guest', verdict: 'fixed' },
  ]);
});

test('overallVerdict: the worst pair, without those whose device is missing', () => {
  const pair = (base: string, patched: string) => ({
    base: job('unpatched', base),
    patched: job('patched', patched),
  });
  const fixed = pair('fail', 'pass');
  const inconclusive = pair('fail', 'error');
  const notReproduced = pair('pass', 'pass');
  const noEffect = pair('fail', 'fail');
  const regressed = pair('pass', 'fail');
  const absent = pair('noDevice', 'noDevice');
  const worst: readonly (readonly [Verdict, typeof fixed])[] = [
    ['fixed', fixed],
    ['inconclusive', inconclusive],
    ['not-reproduced', notReproduced],
    ['no-effect', noEffect],
    ['regressed', regressed],
  ];
  const seen: (typeof fixed)[] = [absent];
  for (const [verdict, next] of worst) {
    seen.unshift(next);
    assert.equal(overallVerdict(seen), verdict);
    assert.equal(overallVerdict(seen.toReversed()), verdict);
  }
  assert.equal(overallVerdict([]), 'none');
  assert.equal(overallVerdict([absent]), 'inconclusive');
  // One of the two ran: the pair counts.
  assert.equal(overallVerdict([fixed, pair('noDevice', 'pass')]), 'inconclusive');
  assert.equal(overallVerdict([fixed, pair('noKvm', 'noKvm')]), 'inconclusive');
});
