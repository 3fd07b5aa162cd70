// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import type { JobResult, Judgement, RunResult } from '../../src/model/result.js';
import type { Status } from '../../src/model/status.js';
import { asExpected, exitCodeOf, exitCodeOfNew } from '../../src/verdict/exit.js';
import { jobWith } from './verdict-evidence.js';

type Outcome = readonly [Status, Judgement['decidedBy'], Status];

function runOf(outcomes: readonly Outcome[], interrupted = false): RunResult {
  const jobs = outcomes.map(([status, decidedBy, expect]): JobResult => {
    const judgement = { status, decidedBy, reason: 'x' };
    return jobWith({ ...judgement, expect, asExpected: asExpected(judgement, expect) });
  });
  return {
    schema: 2,
    run: 'r1',
    startedAt: '2026-11-22T10:00:00Z',
    matrix: 'jobs/x.yaml',
    verdicts: [],
    overall: 'none',
    jobs,
    interrupted,
  };
}

const pass: Outcome = ['PASS', 'cases', 'PASS'];
const broken: Outcome = ['FAIL', 'cases', 'FAIL'];
const failed: Outcome = ['FAIL', 'cases', 'PASS'];
const crashed: Outcome = ['FAIL', 'fault', 'PASS'];
const unbuilt: Outcome = ['ERROR', 'build', 'PASS'];
const rejected: Outcome = ['ERROR', 'input', 'PASS'];
const contended: Outcome = ['ERROR', 'control', 'PASS'];
const lost: Outcome = ['MISS', 'machine', 'PASS'];
const noDevice: Outcome = ['SKIP', 'device', 'PASS'];
const noKvm: Outcome = ['SKIP', 'cases', 'PASS'];

const rows: readonly (readonly [string, number, readonly Outcome[]])[] = [
  ['a base that is expected to FAIL and does', 0, [broken, pass]],
  ['a base that unexpectedly passes', 1, [['PASS', 'cases', 'FAIL'], pass]],
  ['a patched kernel that fails', 1, [broken, failed]],
  ['a fault', 1, [broken, crashed]],
  ['a kernel that does not compile', 1, [broken, unbuilt]],
  ['a base that was expected to fail, and panics', 1, [['FAIL', 'fault', 'FAIL']]],
  ['a base that was expected to fail, and does not compile', 1, [['FAIL', 'build', 'FAIL']]],
  ['a wrong kernel counts before a broken lab', 1, [lost, contended, rejected, failed]],
  ['a patch that does not apply', 65, [broken, rejected]],
  ['bad input counts before a broken lab', 65, [lost, rejected]],
  ['a kernel whose scheduler breaks the limit', 1, [broken, ['FAIL', 'scheduler', 'PASS']]],
  [
    'a base that was expected to fail by KVM, and fails by its scheduler',
    1,
    [['FAIL', 'scheduler', 'FAIL']],
  ],
  ['contention', 69, [broken, contended]],
  ['a lost console', 69, [broken, lost]],
  ['an ERROR that is expected', 0, [pass, ['ERROR', 'machine', 'ERROR']]],
  ['all devices missing', 4, [noDevice, noDevice]],
  ['no kernel with KVM', 4, [noKvm]],
  ['no jobs', 4, []],
  ['one device of two missing', 0, [broken, pass, noDevice, noDevice]],
  ['one kernel of two without KVM', 1, [broken, noKvm]],
  ['a SKIP that is expected', 0, [pass, ['SKIP', 'cases', 'SKIP']]],
];

for (const [what, code, outcomes] of rows) {
  test(`exit code ${code}: ${what}`, () => assert.equal(exitCodeOf(runOf(outcomes)), code));
}

test('exit code 130: interrupted, whatever the jobs say', () => {
  assert.equal(exitCodeOf(runOf([failed, lost], true)), 130);
});

test('exit code of new failures: only what got worse counts', () => {
  const run = runOf([failed, lost, pass]);
  const [first, second] = run.jobs.map(({ name }, index) => ({ job: `${name}-${index}` }));
  const jobs = run.jobs.map((job, index) => ({ ...job, name: `${job.name}-${index}` }));
  const of = (newFailures: readonly { job: string }[], newJobs: readonly string[] = []) =>
    exitCodeOfNew({ ...run, jobs }, { newFailures, newJobs });
  assert.ok(first && second);
  assert.equal(of([]), 0);
  assert.equal(of([first]), 1);
  assert.equal(of([second]), 69);
  assert.equal(of([], [first.job]), 1);
  assert.equal(exitCodeOfNew(run, undefined), 1);
  assert.equal(exitCodeOfNew({ ...run, interrupted: true }, { newFailures: [], newJobs: [] }), 130);
  assert.equal(exitCodeOfNew(runOf([noDevice]), { newFailures: [], newJobs: [] }), 4);
});
