// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobResult, RunResult } from '../../src/model/result.js';
import type { Status } from '../../src/model/status.js';
import { bisectOutcome } from '../../src/verdict/bisect-outcome.js';
import { exitCodeOf } from '../../src/verdict/exit.js';
import { expectOfCheck } from '../../src/verdict/check-expectations.js';

type Given = readonly [status: Status, decidedBy?: JobResult['decidedBy']];

function job(kernel: string, [status, decidedBy = 'cases']: Given): JobResult {
  return {
    name: `${kernel}-d-t`,
    kernel,
    device: 'd',
    test: 't',
    status,
    decidedBy,
    reason: '',
    expect: 'PASS',
    asExpected: status === 'PASS',
    cases: [{ name: 'busy_guest_obeys_quota', status, metrics: [] }],
    faults: [],
    facts: {},
    timesMs: {},
    reused: false,
  };
}

/** base, then one kernel a patch. */
function run(...given: readonly Given[]): {
  result: RunResult;
  kernels: { name: string; base?: string }[];
} {
  const kernels = given.map((_, i) =>
    i === 0 ? { name: 'base' } : { name: `p${i}`, base: 'base' },
  );
  const jobs = given.map((one, i) => job(kernels[i]?.name ?? '', one));
  const result: RunResult = {
    schema: 2,
    run: 'r',
    startedAt: '',
    matrix: 'm',
    verdicts: [],
    overall: 'none',
    jobs,
    interrupted: false,
  };
  return { result, kernels };
}

const pass: Given = ['PASS'];
const fail: Given = ['FAIL'];
const scheduler: Given = ['FAIL', 'scheduler'];
const panics: Given = ['FAIL', 'fault'];
const noBuild: Given = ['FAIL', 'build'];
const unknown: Given = ['ERROR', 'machine'];

for (const [given, overall, code] of [
  [[fail, pass], 'fixed', 0],
  [[pass, pass], 'not-reproduced', 0],
  [[fail, fail], 'no-effect', 1],
  [[pass, fail], 'regressed', 1],
  [[scheduler, pass], 'fixed', 0],
  [[scheduler, scheduler], 'no-effect', 1],
  [[pass, scheduler], 'regressed', 1],
  [[fail, noBuild], 'inconclusive', 1],
  [[noBuild, pass], 'inconclusive', 1],
  [[unknown, pass], 'inconclusive', 69],
  [[fail, unknown], 'inconclusive', 69],
  [[fail, fail, pass], 'fixed', 0],
  [[fail, pass, fail], 'no-effect', 1],
  [[pass, pass, pass], 'not-reproduced', 0],
  // A series that breaks the limit and mends it again breaks every bisection through it.
  [[pass, fail, pass], 'regressed', 1],
  [[fail, noBuild, pass], 'fixed', 1],
  [[fail, panics, pass], 'fixed', 1],
] as const) {
  test(`check ${given.map((one) => one.join('/')).join(', ')}: ${overall}, exit code ${code}`, () => {
    const { result, kernels } = run(...given);
    const settled = expectOfCheck(result, kernels);
    assert.equal(settled.overall, overall);
    assert.equal(exitCodeOf(settled), code);
  });
}

for (const [given, outcome] of [
  [pass, 'good'],
  [fail, 'bad'],
  [panics, 'skip'],
  [scheduler, 'skip'],
  [noBuild, 'skip'],
  [unknown, 'skip'],
  [['SKIP', 'device'], 'skip'],
  [['FAIL', 'control'], 'skip'],
] as const) {
  test(`bisect: ${given.join('/')} is ${outcome}`, () => {
    assert.equal(bisectOutcome(run(given).result), outcome);
  });
}

test('bisect: a run without a job tells nothing', () => {
  assert.equal(bisectOutcome(run().result), 'skip');
});
