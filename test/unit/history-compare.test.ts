// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compareRuns, isOutside } from '../../src/history/compare.js';
import { findFlaky } from '../../src/history/flaky.js';
import { prune } from '../../src/history/prune.js';
import { summarizeRun } from '../../src/history/summary.js';
import type { JobResult, RunResult } from '../../src/model/result.js';
import { counted } from './counted.js';
import { byMove, formatApart } from '../../src/reports/metric-change.js';
import { sampleRun } from './reports-run.js';
import { caseWith, jobWith } from './verdict-evidence.js';

const runOf = (run: string, ...jobs: readonly JobResult[]): RunResult =>
  sampleRun({
    run,
    startedAt: `2026-11-${run.padStart(2, '0')}T00:00:00.000Z`,
    jobs,
    verdicts: [],
  });
const named = (name: string, changes: Partial<JobResult> = {}): JobResult =>
  jobWith({ name, ...changes });
const failed = { status: 'FAIL', asExpected: false } as const;
const noDevice = { status: 'SKIP', asExpected: false, decidedBy: 'device' } as const;

test('compare: new failures, fixed, still failing, new and vanished jobs', () => {
  const expected = { status: 'FAIL', expect: 'FAIL' } as const;
  const a = runOf(
    '1',
    ...['broke', 'gone', 'same'].map((name) => named(name)),
    named('back', failed),
  );
  const b = runOf('2', named('broke', failed), named('same'), named('back'), named('fresh'));
  const more = (run: RunResult, ...jobs: readonly JobResult[]): RunResult => ({
    ...run,
    jobs: [...run.jobs, ...jobs],
  });
  const found = compareRuns(
    more(a, named('bad', failed), named('base', expected), named('lost')),
    more(
      b,
      named('bad', { ...failed, status: 'MISS' }),
      named('base', expected),
      named('lost', noDevice),
    ),
  );
  const names = (list: readonly { job: string; before: string; after: string }[]): string[] =>
    list.map(({ job, before, after }) => `${job} ${before} ${after}`);
  assert.deepEqual(names(found.newFailures), ['broke PASS FAIL']);
  assert.deepEqual(names(found.fixed), ['back FAIL PASS']);
  assert.deepEqual(names(found.stillFailing), ['bad FAIL MISS']);
  assert.deepEqual(names(found.otherStatus), ['lost PASS SKIP']);
  assert.deepEqual(found.newJobs, ['fresh']);
  assert.deepEqual(found.vanishedJobs, ['gone']);
  assert.deepEqual(found.metrics, []);
});

test('compare: a run with itself has no changes', () => {
  const run = sampleRun();
  const { a, b, stillFailing, headline, ...rest } = compareRuns(run, run, [summarizeRun(run)]);
  assert.equal(a, b);
  assert.equal(stillFailing.length, 3);
  assert.match(headline ?? '', /^since .*: 3 jobs still failing \(the same kernels\)$/);
  assert.ok(Object.values(rest).every((list) => list.length === 0));
});

const measured = (value: number, inputs = 'k1', changes: Partial<JobResult> = {}): JobResult =>
  named('j', {
    cases: [caseWith('c', 'PASS', { m: value })],
    facts: { inputs_key: inputs },
    ...changes,
  });

const movedWith = (past: readonly JobResult[], a: JobResult, b: JobResult) =>
  compareRuns(
    runOf('8', a),
    runOf('9', b),
    past.map((job, index) => summarizeRun(runOf(String(index + 1), job))),
  ).metrics.map(({ metric, rule, after, past: { count, min, max } }) => [
    metric,
    rule,
    after,
    count,
    min,
    max,
  ]);

test('compare: a metric moved where it leaves [min - range, max + range] of its past', () => {
  const past = [measured(10), measured(12)];
  assert.deepEqual(movedWith(past, measured(11), measured(14)), []);
  assert.deepEqual(movedWith(past, measured(11), measured(8)), []);
  assert.deepEqual(movedWith(past, measured(11), measured(14.1)), [
    ['c.m', 'spread', 14.1, 3, 10, 12],
  ]);
  assert.deepEqual(movedWith(past, measured(11), measured(7.9)), [
    ['c.m', 'spread', 7.9, 3, 10, 12],
  ]);
});

test('compare: with instruction-counted time any change counts', () => {
  const past = [measured(10), measured(10)];
  assert.deepEqual(movedWith(past, measured(10), measured(10)), []);
  assert.deepEqual(movedWith(past, measured(10), measured(10.001)), [
    ['c.m', 'spread', 10.001, 3, 10, 10],
  ]);
});

test('compare: the spread is that of the inputs before, for a new kernel too', () => {
  const past = [measured(1000, 'other'), measured(10), measured(12)];
  assert.deepEqual(movedWith(past, measured(11), measured(13, 'new')), []);
  assert.deepEqual(movedWith(past, measured(11), measured(15, 'new')), [
    ['c.m', 'spread', 15, 3, 10, 12],
  ]);
});

test('compare: with one past value a difference is only called changed', () => {
  assert.deepEqual(movedWith([], measured(10), measured(10)), []);
  assert.deepEqual(movedWith([], measured(10), measured(11)), [['c.m', 'changed', 11, 1, 10, 10]]);
  const unknown = named('j', { cases: [caseWith('c', 'PASS', { m: 10 })] });
  assert.deepEqual(movedWith([unknown, unknown], unknown, measured(11)), [
    ['c.m', 'changed', 11, 1, 10, 10],
  ]);
});

test('compare: a reused result is no second measurement', () => {
  const past = [measured(10), measured(10, 'k1', { reused: true })];
  const a = measured(10, 'k1', { reused: true });
  assert.deepEqual(movedWith(past, a, measured(11)), [['c.m', 'changed', 11, 1, 10, 10]]);
});

test('compare: twice as many jobs are looked at twice as often, not four times', () => {
  const looksAt = (count: number): number => {
    let looks = 0;
    const jobs = Array.from({ length: count }, (_, place) =>
      named(`j${place}`, { facts: { inputs_key: `k${place}` } }),
    );
    const past = ['1', '2', '3'].map((run) => {
      const summary = summarizeRun(runOf(run, ...jobs));
      return { ...summary, jobs: summary.jobs.map((job) => counted(job, () => (looks += 1))) };
    });
    assert.deepEqual(compareRuns(runOf('8', ...jobs), runOf('9', ...jobs), past).metrics, []);
    return looks;
  };
  assert.ok(looksAt(200) < 3 * looksAt(100));
});

test('isOutside: a value among the past ones never is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }),
      (values) => {
        const [min, max] = [Math.min(...values), Math.max(...values)];
        assert.ok(values.every((value) => !isOutside(value, min, max)));
      },
    ),
  );
});

test('flaky: both statuses for identical inputs, and nothing else', () => {
  const key = { facts: { inputs_key: 'k' } };
  const runs = [
    runOf('1', named('x', key), named('y', { facts: { inputs_key: 'y1' } }), named('z')),
    runOf(
      '2',
      named('x', { ...key, ...failed }),
      named('y', { ...failed, facts: { inputs_key: 'y2' } }),
    ),
    runOf('3', named('x', key), named('z', failed)),
  ].map((run) => summarizeRun(run));
  assert.deepEqual(findFlaky(runs), [
    {
      job: 'x',
      device: 'qemu-pseries-p9',
      test: 'busy-guest',
      inputsKey: 'k',
      passed: 2,
      failed: 1,
      runs: ['1', '2', '3'],
    },
  ]);
  const said = [named('x', key), named('x', { ...key, status: 'ERROR' })];
  const reused = named('x', { ...key, ...failed, reused: true });
  assert.deepEqual(findFlaky([summarizeRun(runOf('1', ...said, reused))]), []);
});

test('compare: lists flaky jobs of the later run, whatever its own status', () => {
  const key = { facts: { inputs_key: 'k' } };
  const past = [summarizeRun(runOf('1', named('x', { ...key, ...failed })))];
  const found = compareRuns(runOf('2', named('x', key)), runOf('3', named('x', key)), past);
  assert.deepEqual(
    found.flaky.map(({ job, runs }) => [job, runs]),
    [['x', ['1', '2', '3']]],
  );
  assert.deepEqual(
    compareRuns(runOf('2', named('x', key)), runOf('3', named('q')), past).flaky,
    [],
  );
});

const nowMs = Date.parse('2026-11-22T00:00:00.000Z');
const aged = (...days: readonly number[]) =>
  days.map((day) => ({
    dir: `d${day}`,
    startedAt: new Date(nowMs - day * 86_400_000).toISOString(),
  }));

test('prune: by count and by age, oldest first', () => {
  const runs = aged(3, 1, 10, 40, 20);
  assert.deepEqual(prune(runs, {}, { nowMs }), []);
  assert.deepEqual(prune(runs, { keepRuns: 2 }, { nowMs }), ['d40', 'd20', 'd10']);
  assert.deepEqual(prune(runs, { maxAgeDays: 15 }, { nowMs }), ['d40', 'd20']);
  assert.deepEqual(prune(runs, { keepRuns: 4, maxAgeDays: 5 }, { nowMs }), ['d40', 'd20', 'd10']);
});

test('prune: never the latest, nor the newest', () => {
  const limits = { keepRuns: 0, maxAgeDays: 0 };
  assert.deepEqual(prune(aged(30, 20, 10), limits, { nowMs, latest: 'd20' }), ['d30']);
  assert.deepEqual(prune(aged(30), limits, { nowMs }), []);
  const odd = [{ dir: 'odd', startedAt: 'yesterday' }, ...aged(1)];
  assert.deepEqual(prune(odd, { maxAgeDays: 5 }, { nowMs }), []);
  assert.deepEqual(prune(odd, { keepRuns: 1 }, { nowMs }), ['odd']);
});

test('compare: the change in a sentence, with the commits', () => {
  const at = (commit: string) => ({ kernel: 'master', facts: { git_commit: commit.repeat(40) } });
  const a = runOf('1', named('j', at('a')));
  const b = runOf('2', named('j', { ...at('b'), ...failed }));
  const { kernels, headline } = compareRuns(a, b);
  const [before, after] = ['commit aaaaaaaaaaaa', 'commit bbbbbbbbbbbb'];
  assert.deepEqual(kernels, [{ kernel: 'master', before, after }]);
  assert.equal(headline, `since 1: 1 new failure: j (PASS -> FAIL) (${before} -> ${after})`);
  assert.equal(
    compareRuns(b, a).headline,
    `since 2: 1 job fixed: j (FAIL -> PASS) (${after} -> ${before})`,
  );
});

test('compare: runs of other sources, or of other series, are not compared', () => {
  const subject = (matrix: string, source: string, patches = 'none'): string => {
    const facts = { kernel_source: source, kernel_patches: patches };
    return summarizeRun({ ...runOf('1', named('j', { facts })), matrix }).subject;
  };
  const nightly = subject('/a/nightly.yaml', 'linux-source-7.2 7.2.13-1 (Debian sid)');
  assert.equal(subject('/b/nightly.yaml', 'linux-source-7.3 7.3~rc1-1 (Debian sid)'), nightly);
  assert.notEqual(subject('/a/nightly.yaml', 'linux 0123'), nightly);
  assert.notEqual(subject('/a/other.yaml', 'linux-source-7.2 7.2.13-1'), nightly);
  const check = subject('check.yaml', 'linux 0123', '0001-a.patch 0002-b.patch');
  assert.equal(subject('check.yaml', 'linux 4567', '0001-a.patch'), check);
  assert.notEqual(subject('check.yaml', 'linux 0123', '0001-x.patch'), check);
});

test('metrics that moved are shown with the digits in which they differ, the largest move first', () => {
  assert.deepEqual(formatApart(499_123, 499_130, 'us'), ['499123 us', '499130 us']);
  assert.deepEqual(formatApart(1000, 499_130, 'us'), ['1.00 ms', '499 ms']);
  assert.deepEqual(formatApart(1.001, 1.002, 'ratio'), ['1.001 x', '1.002 x']);
  const past = { count: 1, min: 0, max: 0 };
  const change = (metric: string, after: number) =>
    ({ job: 'j', metric, unit: 'us', before: 100, after, rule: 'changed', past }) as const;
  const moved = byMove([
    change('control_guest_unlimited.usage', 900),
    change('busy_guest_obeys_quota.usage', 101),
    change('busy_guest_dies_at_once.kill_latency', 300),
  ]);
  assert.deepEqual(
    moved.map(({ after }) => after),
    [300, 101, 900],
  );
});
