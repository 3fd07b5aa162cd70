// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { compareRuns } from '../../src/history/compare.js';
import { fewestKernels, missedNights, newsOf } from '../../src/history/news.js';
import { summarizeRun } from '../../src/history/summary.js';
import type { News } from '../../src/model/history.js';
import type { JobResult, RunResult } from '../../src/model/result.js';
import { caseWith, jobWith } from './verdict-evidence.js';

/** A night of one job. */
function nightOf(
  day: number,
  kernel: string,
  value: number,
  more: Partial<JobResult> = {},
): RunResult {
  const job = jobWith({
    name: 'tip-d-t',
    facts: { inputs_key: kernel },
    cases: [caseWith('busy_guest_obeys_quota', 'PASS', { kill_latency: value })],
    ...more,
  });
  return {
    schema: 2,
    run: `run-${day}`,
    startedAt: `2026-11-${String(day).padStart(2, '0')}T02:00:00.000Z`,
    matrix: 'nightly.yaml',
    verdicts: [],
    overall: 'none',
    interrupted: false,
    jobs: [job],
  };
}

function newsAfter(nights: readonly RunResult[]): News {
  const [run, before] = [nights.at(-1), nights.at(-2)];
  assert.ok(run && before);
  const past = nights.slice(0, -1).map((one) => summarizeRun(one));
  return newsOf(run, compareRuns(before, run, past), past);
}

const nothing: News = { newFailures: [], fixed: [], flaky: [], metrics: [] };
const others = [100, 103, 101, 102].map((value, day) => nightOf(day + 1, `kernel-${day}`, value));

test('news: another kernel shifts the last digits, and that is none', () => {
  assert.equal(others.length, fewestKernels);
  assert.deepEqual(newsAfter([...others, nightOf(9, 'kernel-9', 105)]), nothing);
});

test('news: a metric that leaves the spread of past kernels moved', () => {
  const { metrics } = newsAfter([...others, nightOf(9, 'kernel-9', 107)]);
  assert.equal(metrics.length, 1);
  const [moved] = metrics;
  assert.deepEqual(
    [moved?.before, moved?.after, moved?.past],
    [102, 107, { count: 4, min: 100, max: 103 }],
  );
});

test('news: before enough kernels were measured no metric moves', () => {
  assert.deepEqual(newsAfter([...others.slice(1), nightOf(9, 'kernel-9', 1000)]), nothing);
});

test('news: the same kernel with another value in counted time moved', () => {
  const same = [nightOf(1, 'k', 100), nightOf(2, 'k', 100), nightOf(3, 'k', 101)];
  assert.equal(newsAfter(same).metrics.length, 1);
  assert.deepEqual(newsAfter([...same.slice(0, 2), nightOf(3, 'k', 100)]), nothing);
});

test('news: a reused result has measured nothing', () => {
  const reused = nightOf(9, 'kernel-9', 1000, { reused: true });
  assert.deepEqual(newsAfter([...others, reused]), nothing);
});

test('news: a job is flaky the night it first contradicts itself, and not again', () => {
  const fails = { status: 'FAIL', asExpected: false } as const;
  const nights = [nightOf(1, 'k', 1), nightOf(2, 'k', 1, fails), nightOf(3, 'k', 1, fails)];
  const first = newsAfter(nights.slice(0, 2));
  assert.deepEqual(
    first.flaky.map(({ job }) => job),
    ['tip-d-t'],
  );
  assert.equal(first.newFailures.length, 1);
  assert.deepEqual(newsAfter(nights), nothing);
  const reused = nightOf(3, 'k', 1, { ...fails, reused: true });
  assert.deepEqual(newsAfter([...nights.slice(0, 2), reused]), nothing);
});

test('news: nights that were missed', () => {
  const night = Date.parse('2026-11-10T02:17:00Z');
  const before = (hours: number): string => new Date(night - hours * 3600_000).toISOString();
  assert.equal(missedNights(undefined, night), 0);
  assert.equal(missedNights('nonsense', night), 0);
  assert.deepEqual(
    [0, 24, 30, 47, 72, 24 * 8].map((hours) => missedNights(before(hours), night)),
    [0, 0, 0, 1, 2, 7],
  );
});
