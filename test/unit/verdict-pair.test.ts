// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Fault, JobResult } from '../../src/model/result.js';
import type { Status, Verdict } from '../../src/model/status.js';
import { judgePair, overallVerdict, pairUp, pairVerdict } from '../../src/verdict/pair.js';
import { caseWith, casesWith, jobWith } from './verdict-evidence.js';

const stall: Fault = { class: 'rcu-stall', title: 'rcu: stall', phase: 'test', lines: [] };
const oops: Fault = { class: 'oops', title: 'Oops in kvmhv', phase: 'test', lines: ['x'] };

const limitCases = ['busy_guest_obeys_quota', 'busy_guest_dies_at_once'];
const failing = (...names: readonly string[]) =>
  casesWith(...names.map((n) => caseWith(n, 'FAIL')));
const failed = { status: 'FAIL', decidedBy: 'cases', cases: failing(...limitCases) } as const;

const results: Readonly<Record<string, Partial<JobResult>>> = {
  pass: {},
  fail: failed,
  'fail+stall': { ...failed, faults: [stall] },
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
    {
      ...{ base: 'base', patched: 'v1', device: 'p9', test: 'busy-guest' },
      ...{ verdict: 'not-reproduced', stillBroken: [], mended: [], newlyBroken: [] },
    },
    {
      ...{ base: 'base', patched: 'v1', device: 'p10', test: 'busy-guest' },
      ...{ verdict: 'fixed', stillBroken: [], mended: limitCases, newlyBroken: [] },
    },
  ]);
});

const ceding = 'ceding_guest_is_never_throttled';
const burst = 'burst_is_honoured_and_bounded';
const loop = 'control_host_loop_obeys_quota';
type Cases = readonly (readonly [name: string, status: Status])[];
/** Cases by letter; a FAIL of the plain loop is the scheduler's, and where none fails the job passes. */
function withCases(kernel: string, cases: Cases, more: Partial<JobResult> = {}): JobResult {
  const broken = cases.filter(([, status]) => status === 'FAIL').map(([name]) => name);
  const by = broken.includes(loop) ? 'scheduler' : 'cases';
  const status = broken.length > 0 ? 'FAIL' : 'PASS';
  const own = cases.map(([name, one]) => caseWith(name, one));
  return jobWith({ kernel, status, decidedBy: by, cases: own, ...more });
}

const quota = 'busy_guest_obeys_quota';
for (const [what, before, after, verdict, changes] of [
  [
    'a case of something else that fails on both does not hide that the limit is kept',
    [
      [quota, 'FAIL'],
      [burst, 'FAIL'],
      [ceding, 'FAIL'],
    ],
    [
      [quota, 'PASS'],
      [burst, 'PASS'],
      [ceding, 'FAIL'],
    ],
    'fixed',
    { stillBroken: [ceding], mended: [quota, burst], newlyBroken: [] },
  ],
  [
    'a patch that mends the limit and breaks something else',
    [
      [quota, 'FAIL'],
      [ceding, 'PASS'],
    ],
    [
      [quota, 'PASS'],
      [ceding, 'FAIL'],
    ],
    'regressed',
    { stillBroken: [], mended: [quota], newlyBroken: [ceding] },
  ],
  [
    'a limit that is mended in one case and not in another',
    [
      [quota, 'FAIL'],
      [burst, 'FAIL'],
    ],
    [
      [quota, 'PASS'],
      [burst, 'FAIL'],
    ],
    'no-effect',
    { stillBroken: [burst], mended: [quota], newlyBroken: [] },
  ],
  [
    'the only case that failed is not run with the patch',
    [
      [quota, 'PASS'],
      [burst, 'FAIL'],
    ],
    [
      [quota, 'PASS'],
      [burst, 'SKIP'],
    ],
    'inconclusive',
    { stillBroken: [], mended: [], newlyBroken: [] },
  ],
  [
    'a limit that the base could not be asked about stays in the way of fixed',
    [
      [quota, 'FAIL'],
      [burst, 'SKIP'],
    ],
    [
      [quota, 'PASS'],
      [burst, 'FAIL'],
    ],
    'inconclusive',
    { stillBroken: [], mended: [quota], newlyBroken: [] },
  ],
  [
    'the scheduler breaks where only KVM did',
    [
      [loop, 'PASS'],
      [quota, 'FAIL'],
    ],
    [
      [loop, 'FAIL'],
      [quota, 'FAIL'],
    ],
    'regressed',
    { stillBroken: [quota], mended: [], newlyBroken: [loop] },
  ],
  [
    'the scheduler is mended, KVM is not',
    [
      [loop, 'FAIL'],
      [quota, 'FAIL'],
    ],
    [
      [loop, 'PASS'],
      [quota, 'FAIL'],
    ],
    'no-effect',
    { stillBroken: [quota], mended: [loop], newlyBroken: [] },
  ],
  [
    'both are mended',
    [
      [loop, 'FAIL'],
      [quota, 'FAIL'],
    ],
    [
      [loop, 'PASS'],
      [quota, 'PASS'],
    ],
    'fixed',
    { stillBroken: [], mended: [loop, quota], newlyBroken: [] },
  ],
] as const satisfies readonly (readonly [string, Cases, Cases, Verdict, object])[]) {
  test(`a pair: ${what}: ${verdict}`, () => {
    const pair = { base: withCases('unpatched', before), patched: withCases('patched', after) };
    const { stillBroken, mended, newlyBroken, ...judged } = judgePair(pair);
    assert.equal(judged.verdict, verdict);
    assert.deepEqual({ stillBroken, mended, newlyBroken }, changes);
  });
}

test('a pair in real time: a FAIL that one window shows is no regression', () => {
  const payloadFacts = { time: 'real' };
  const certain = caseWith(quota, 'FAIL', { evidence_log10: 7 });
  const base = withCases(
    'unpatched',
    [
      [quota, 'FAIL'],
      [burst, 'PASS'],
    ],
    { payloadFacts },
  );
  const patched = withCases(
    'patched',
    [
      [quota, 'FAIL'],
      [burst, 'FAIL'],
    ],
    { payloadFacts },
  );
  const again = (job: JobResult): JobResult => ({
    ...job,
    cases: [certain, ...job.cases.slice(1)],
  });
  const pair = judgePair({ base: again(base), patched: again(patched) });
  assert.deepEqual([pair.verdict, pair.newlyBroken], ['no-effect', []]);
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
