// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { decodeCache, encodeCache } from '../../src/history/cache.js';
import { indexFile, updateIndex } from '../../src/history/run-index.js';
import { trendRuns, type RunIndex } from '../../src/model/history.js';
import type { JobResult, RunResult } from '../../src/model/result.js';
import { renderIndex } from '../../src/reports/html/index-page.js';
import { statusChanges } from '../../src/reports/html/trend-plot.js';
import { runsWithNews, trendsSection } from '../../src/reports/html/trends.js';
import { summarizeJob, summarizeRun } from '../../src/history/summary.js';
import { counted } from './counted.js';
import { inFolder, pairRun } from './reports-html-run.js';
import { hostileText, sampleRun } from './reports-run.js';
import { jobWith } from './verdict-evidence.js';

async function addRun(results: string, dir: string, run: RunResult): Promise<string> {
  await mkdir(join(results, dir), { recursive: true });
  const path = join(results, dir, 'results.json');
  await writeFile(path, JSON.stringify(run));
  return path;
}

const day = (index: number): string => new Date(Date.UTC(2026, 0, 1 + index)).toISOString();
const runAt = (index: number, changes: Partial<RunResult> = {}): RunResult => ({
  ...pairRun(['a']),
  run: `run-${index}`,
  startedAt: day(index),
  ...changes,
});

test('index: runs by start, without links, empty folders and what cannot be read', () =>
  inFolder(async (results) => {
    await addRun(results, 'b', runAt(2));
    await addRun(results, 'c', runAt(1));
    await mkdir(join(results, 'in-progress'));
    await symlink('b', join(results, 'latest'));
    await addRun(results, 'later', { ...runAt(3), schema: 3 as never });
    await mkdir(join(results, 'torn'));
    await writeFile(join(results, 'torn', 'results.json'), '{"schema": 1, "ru');
    await writeFile(join(results, 'b', 'report.html'), '');
    const index = await updateIndex(results);
    assert.deepEqual(
      index.runs.map(({ dir }) => dir),
      ['c', 'b'],
    );
    assert.deepEqual(index.withReport, ['b']);
    assert.deepEqual(index.unreadable, [
      { dir: 'later', reason: 'schema 3; this busyguest reads schema 1 and 2' },
      { dir: 'torn', reason: 'not JSON' },
    ]);
    assert.equal(index.units['busy_guest_dies_at_once.kill_latency'], 'us');
    assert.deepEqual(await updateIndex(results), index);
  }));

test('index: an unchanged run is not read again, a changed one is', () =>
  inFolder(async (results) => {
    const path = await addRun(results, 'a', runAt(1));
    const at = new Date('2026-01-01T00:00:00Z');
    await utimes(path, at, at);
    const first = await updateIndex(results);
    // As long, and as old: whoever reads it would fail.
    const text = await readFile(path, 'utf8');
    await writeFile(path, 'x'.repeat(text.length));
    await utimes(path, at, at);
    assert.deepEqual(await updateIndex(results), first);
    await utimes(path, at, new Date('2026-01-02T00:00:00Z'));
    assert.deepEqual((await updateIndex(results)).unreadable, [{ dir: 'a', reason: 'not JSON' }]);
    await rm(join(results, 'a'), { recursive: true });
    assert.deepEqual((await updateIndex(results)).unreadable, []);
  }));

test('index: a broken cache only costs time', () =>
  inFolder(async (results) => {
    await addRun(results, 'a', runAt(1));
    const first = await updateIndex(results);
    for (const text of [
      '',
      '{}',
      '{"format":3}',
      '{"format":3,"runs":[{"dir":"a","run":{},"jobs":[[9]]}]}',
      '{"format":3,"strings":["m"],"runs":[{"dir":"a","run":{},"jobs":[[0,0,0,0,0,0,0,0,0]]}]}',
    ]) {
      await writeFile(join(results, indexFile), text);
      assert.deepEqual(await updateIndex(results), first);
    }
  }));

test('index: a cache that cannot be read or kept only costs time', (context) =>
  inFolder(async (results) => {
    await addRun(results, 'a', runAt(1));
    const stringify = context.mock.method(JSON, 'stringify', () => {
      throw new RangeError('Invalid string length');
    });
    const first = await updateIndex(results);
    stringify.mock.restore();
    assert.deepEqual(
      first.runs.map(({ dir }) => dir),
      ['a'],
    );
    await mkdir(join(results, indexFile));
    assert.deepEqual(await updateIndex(results), first);
  }));

test('index: the cache gives back what it was given, and has each name once', () => {
  const metrics = { 'c.long_name': 1.5, '"\n,[': -0.25, __proto__x: 1e300 };
  const job = { ...summarizeJob(jobWith({ facts: { inputs_key: 'k' } })), metrics };
  const bare = { ...summarizeJob(jobWith({ status: 'SKIP', reused: true })), metrics: {} };
  const summary = { ...summarizeRun(sampleRun()), jobs: [job, job, bare] };
  const old = { ...summary, jobs: [{ ...job, metrics: {} }] };
  const state = { mtimeMs: 1.25, size: 2 };
  const known = {
    units: { 'c.other': 'us' },
    runs: new Map([
      ['a', { ...state, summary, withMetrics: true }],
      ['b', { ...state, summary, withMetrics: true }],
      ['c', { ...state, summary: old, withMetrics: false }],
      ['d', { ...state, reason: 'not JSON', withMetrics: false }],
    ]),
  };
  const text = encodeCache(known);
  assert.deepEqual(decodeCache(text), known);
  assert.equal(text.split('c.long_name').length, 2);
});

test('index: metrics of the last runs only, read again when those before move up', () =>
  inFolder(async (results) => {
    const total = trendRuns + 3;
    for (let index = 0; index < total; index += 1) await addRun(results, `r${index}`, runAt(index));
    const withMetrics = async () =>
      (await updateIndex(results)).runs.filter(({ jobs }) =>
        jobs.every(({ metrics }) => Object.keys(metrics).length > 0),
      ).length;
    assert.equal(await withMetrics(), trendRuns);
    assert.equal(await withMetrics(), trendRuns);
    await rm(join(results, `r${total - 1}`), { recursive: true });
    assert.equal(await withMetrics(), trendRuns);
  }));

test('statusChanges: against the last run that had the job', () => {
  const points = (['PASS', undefined, 'PASS', 'FAIL', undefined, 'PASS'] as const).map(
    (status) => ({
      value: 1,
      status,
    }),
  );
  assert.deepEqual(statusChanges(points), [3, 5]);
});

test('index page: runs, trends with marked changes, flaky jobs; every link resolves', () =>
  inFolder(async (results) => {
    for (let index = 0; index < 40; index += 1) {
      const run = runAt(index);
      const flip = (job: JobResult): JobResult => ({ ...job, status: 'FAIL', asExpected: false });
      const vary = (job: JobResult): JobResult => ({
        ...job,
        cases: job.cases.map((one) => ({
          ...one,
          metrics: one.metrics.map((metric) =>
            metric.name === 'worst_debt' ? { ...metric, value: metric.value + index } : metric,
          ),
        })),
      });
      const jobs = run.jobs
        .map(vary)
        .map((job, place) => (index === 20 && place === 1 ? flip(job) : job));
      await addRun(results, `r ${index}#`, { ...run, jobs });
    }
    await writeFile(join(results, 'r 39#', 'report.html'), '');
    const page = renderIndex(await updateIndex(results));
    assert.match(page, /40 runs/);
    assert.match(page, /1 . FAIL in 40 runs|39 . PASS, 1 . FAIL/);
    assert.match(page, />worst_debt|busy_guest_debt_bounded\.worst_debt/);
    assert.ok(page.match(/>FAIL<\/text>/g), 'a mark at the status change');
    assert.match(page, /metrics never changed/);
    const hrefs = [...page.matchAll(/ href="([^"#][^"]*)"/g)].map(([, href = '']) => href);
    assert.equal(hrefs.length, 40);
    assert.equal(hrefs[0], 'r%2039%23/report.html');
    for (const href of hrefs) assert.ok(existsSync(join(results, decodeURIComponent(href))), href);
    assert.doesNotMatch(page, /NaN|undefined|\[object/);
  }));

test('index page: no runs; hostile names', () =>
  inFolder(async (results) => {
    assert.match(renderIndex(await updateIndex(results)), /None yet/);
    const job = jobWith({ name: hostileText, kernel: hostileText, device: hostileText });
    const bad = {
      run: hostileText,
      matrix: hostileText,
      jobs: [job, { ...job, status: 'FAIL' as const }],
    };
    await addRun(results, 'a', runAt(1, { ...bad, startedAt: hostileText }));
    const page = renderIndex(await updateIndex(results));
    assert.equal(page.match(/<script/gi)?.length, 1);
    assert.ok(!page.includes('\u001b'));
  }));

test('trends: twice as many jobs are looked at twice as often, not four times', () => {
  const looksAt = (devices: number): number => {
    let looks = 0;
    const jobs = Array.from({ length: devices }, (_, place) => {
      const device = `d${place}`;
      return counted(summarizeJob(jobWith({ name: device, device })), () => (looks += 1));
    });
    const runs = [1, 2, 3].map((run) => ({ ...summarizeRun(sampleRun({ run: `${run}` })), jobs }));
    const index: RunIndex = { runs, units: {}, flaky: [], withReport: [], unreadable: [] };
    assert.match(trendsSection(index)?.text ?? '', /never changed/);
    return looks;
  };
  assert.ok(looksAt(200) < 3 * looksAt(100));
});

test('trends: a run that only took the same results again is no point, a return to an old result is', () => {
  const group = { device: 'qemu-pseries-p9', test: 'busy-guest' };
  const runWith = (run: string, inputs_key: string, reused: boolean) =>
    summarizeRun(sampleRun({ run, jobs: [jobWith({ ...group, facts: { inputs_key }, reused })] }));
  const runs = [
    runWith('1', 'a', false),
    runWith('2', 'a', true),
    runWith('3', 'b', false),
    runWith('4', 'a', true),
    runWith('5', 'a', true),
    runWith('6', 'a', false),
  ];
  assert.deepEqual(
    runsWithNews(runs).map(({ run }) => run),
    ['1', '3', '4', '6'],
  );
});
