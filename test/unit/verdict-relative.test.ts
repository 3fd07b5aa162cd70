// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPayload } from '../../src/ktap/payload.js';
import type { JobResult } from '../../src/model/result.js';
import type { Status } from '../../src/model/status.js';
import { projectDir } from '../../src/system/files.js';
import { headlineOf } from '../../src/verdict/headline.js';
import { judgePair, overallVerdict, pairUp, pairVerdict } from '../../src/verdict/pair.js';
import { expectOfRelative, expectSoFar } from '../../src/verdict/relative-expectations.js';

type Cases = Readonly<Record<string, Status>>;

function job(kernel: string, cases: Cases, more: Partial<JobResult> = {}): JobResult {
  const all = Object.entries(cases).map(([name, status]) => ({ name, status, metrics: [] }));
  const fails = all.some(({ status }) => status === 'FAIL');
  return {
    ...{ name: `${kernel}-d-k`, kernel, device: 'd', test: 'k', program: 'kselftest' },
    ...{ status: fails ? 'FAIL' : 'PASS', decidedBy: 'cases', reason: '', expect: 'PASS' },
    ...{ asExpected: !fails, cases: all, faults: [], facts: {}, timesMs: {}, reused: false },
    ...more,
  };
}
const kernels = [{ name: 'base' }, { name: 'patched', base: 'base' }];
const settled = (...jobs: JobResult[]): readonly JobResult[] =>
  expectOfRelative(jobs, pairUp(jobs, kernels));

const broken = { 'cgroup:test_cpu/max': 'FAIL', 'cgroup:test_cpu/nice': 'PASS' } as const;
const worse = { 'cgroup:test_cpu/max': 'FAIL', 'cgroup:test_cpu/nice': 'FAIL' } as const;

test("what fails on both kernels is the tree's own: unchanged, and as expected", () => {
  const [base, patched] = [job('base', broken), job('patched', broken)];
  assert.equal(pairVerdict(base, patched), 'unchanged');
  assert.deepEqual(judgePair({ base, patched }).stillBroken, ['cgroup:test_cpu/max']);
  assert.deepEqual(
    settled(base, patched).map(({ asExpected }) => asExpected),
    [true, true],
  );
});

test("what the series breaks is regressed by name, though the tree's own failure is there too", () => {
  const [base, patched] = [job('base', broken), job('patched', worse)];
  const pair = judgePair({ base, patched });
  assert.equal(pair.verdict, 'regressed');
  assert.deepEqual(pair.newlyBroken, ['cgroup:test_cpu/nice']);
  assert.deepEqual(
    settled(base, patched).map(({ asExpected }) => asExpected),
    [true, false],
  );
});

test('recorded consoles: the planted break is regressed by name, beside what the tree fails by itself', () => {
  const recorded = (kernel: string): JobResult => {
    const file = join(projectDir, `test/fixtures/kselftest/${kernel}-test-cpu.log`);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const { cases } = readPayload(lines, { format: 'selftests' });
    return job(kernel, {}, { cases, status: 'FAIL', asExpected: false });
  };
  const pair = judgePair({ base: recorded('base'), patched: recorded('broken') });
  assert.equal(pair.verdict, 'regressed');
  assert.deepEqual(pair.newlyBroken, [
    'cgroup:test_cpu/test_cpucg_stats',
    'cgroup:test_cpu/test_cpucg_weight_overprovisioned',
    'cgroup:test_cpu/test_cpucg_nested_weight_overprovisioned',
  ]);
  assert.deepEqual(pair.stillBroken, [
    'cgroup:test_cpu',
    'cgroup:test_cpu/test_cpucg_max',
    'cgroup:test_cpu/test_cpucg_max_nested',
  ]);
});

test('what the series mends is fixed, though the base breaks something else', () => {
  assert.equal(pairVerdict(job('base', worse), job('patched', broken)), 'fixed');
});

test('a patched kernel that goes wrong is a regression; a base that does shows nothing, unless both outlive it', () => {
  const fault = { class: 'oops', title: 'Oops', phase: 'test', lines: [] } as const;
  const dead = { status: 'FAIL', decidedBy: 'fault', faults: [fault] } as const;
  assert.equal(pairVerdict(job('base', broken), job('patched', {}, dead)), 'regressed');
  assert.equal(pairVerdict(job('base', {}, dead), job('patched', broken)), 'inconclusive');
  const outlived = (cases: Cases): JobResult => job('patched', cases, dead);
  const fatal = { ...outlived(broken), kernel: 'base' };
  assert.equal(pairVerdict(fatal, outlived(broken)), 'unchanged');
  assert.equal(pairVerdict(fatal, outlived(worse)), 'regressed');
  const other = { ...outlived(broken), faults: [{ ...fault, title: 'another' }] };
  assert.equal(pairVerdict(fatal, other), 'regressed');
  const half = outlived(broken);
  const missing = half.cases.map((one) => ({ ...one, status: 'MISS' as const }));
  assert.equal(pairVerdict(fatal, { ...half, cases: missing }), 'inconclusive');
  const hung = { status: 'ERROR', decidedBy: 'machine' } as const;
  assert.equal(pairVerdict(job('base', broken), job('patched', {}, hung)), 'inconclusive');
  assert.equal(pairVerdict(job('base', broken), job('patched', worse, hung)), 'regressed');
});

test('skipped on both: unchanged, and as expected; alone a job is held to its expectation', () => {
  const skip = { status: 'SKIP' } as const;
  const jobs = [job('base', {}, skip), job('patched', {}, skip)];
  assert.deepEqual(
    settled(...jobs).map(({ asExpected, expect }) => [asExpected, expect]),
    [
      [true, 'SKIP'],
      [true, 'SKIP'],
    ],
  );
  assert.equal(expectSoFar(job('base', broken), [], [{ name: 'base' }]).asExpected, false);
});

test('a job is told as it will count as soon as it is there', () => {
  const [base, patched] = [job('base', broken), job('patched', worse)];
  assert.equal(expectSoFar(base, [], kernels).asExpected, true);
  assert.equal(expectSoFar(patched, [base], kernels).asExpected, false);
  assert.equal(expectSoFar(job('patched', broken), [base], kernels).asExpected, true);
});

test('beside the test of the limit selftests count only where they are broken', () => {
  const limit = (kernel: string, status: Status): JobResult => {
    const more = { program: 'busy-guest', name: `${kernel}-d-b`, test: 'b' };
    return job(kernel, { busy_guest_obeys_quota: status }, more);
  };
  const own = [limit('base', 'FAIL'), limit('patched', 'PASS')];
  const same = pairUp([...own, job('base', broken), job('patched', broken)], kernels);
  assert.equal(overallVerdict(same), 'fixed');
  const bad = pairUp([...own, job('base', broken), job('patched', worse)], kernels);
  assert.equal(overallVerdict(bad), 'regressed');
  const jobs = bad.flatMap(({ base, patched }) => [base, patched]);
  const run = {
    jobs,
    verdicts: bad.map(judgePair),
    overall: 'regressed',
    interrupted: false,
  } as const;
  assert.match(
    headlineOf(run),
    /^regressed: patched keeps the limit.*newly broken in k: cgroup:test_cpu\/nice/,
  );
});
