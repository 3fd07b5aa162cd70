// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Parser } from 'tap-parser';
import { flatResults, readFlatResults } from '../../src/ktap/flat-result.js';
import type { JobResult, RunResult } from '../../src/model/result.js';
import { busyguest, latest, metric, type Outcome } from './cli.js';

const matrix = 'jobs/pre-pull.yaml';

describe('jobs/pre-pull.yaml on real kernels', () => {
  const results = mkdtempSync(join(tmpdir(), 'busyguest-test-'));
  let outcome: Outcome;
  let run: RunResult;
  let ran: JobResult[];

  before(async () => {
    outcome = await busyguest('run', matrix, '--results', results, '--fresh', '--quiet');
    run = await latest(results);
    ran = run.jobs.filter((job) => job.status !== 'SKIP');
  });

  test('everything is as expected: exit 0, verdict fixed', () => {
    assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
    assert.equal(run.overall, 'fixed');
    const verdicts = run.verdicts.filter(({ device }) => ran.some((job) => job.device === device));
    assert.deepEqual([...new Set(verdicts.map(({ verdict }) => verdict))], ['fixed']);
  });

  test('both run loops of KVM were reached', () => {
    const devices = new Set(ran.map(({ device }) => device));
    assert.ok(devices.has('qemu-pseries-p9'), [...devices].join());
    assert.ok(devices.has('qemu-powernv8'), [...devices].join());
  });

  test('every skipped device says why', () => {
    for (const job of run.jobs.filter(({ status }) => status === 'SKIP')) {
      assert.equal(job.decidedBy, 'device');
      assert.match(job.reason, /QEMU|POWER/);
    }
  });

  test('unpatched: three times the quota and more, and a freeze after the kill', () => {
    for (const job of ran.filter(({ kernel }) => kernel === 'unpatched')) {
      assert.ok(metric(job, 'busy_guest_obeys_quota', 'overrun_ratio') >= 3, job.name);
      // Observation ends once the answer is certain; what was overrun by then is paid back at 30 ms in 100 ms. One
      // refill may come before the kill, and one ends it.
      const debt = metric(job, 'busy_guest_debt_bounded', 'worst_debt');
      const latency = metric(job, 'busy_guest_dies_at_once', 'kill_latency');
      assert.ok(debt > 600_000, job.name);
      assert.ok(latency > ((debt - 60_000) * 100) / 30, `${job.name}: ${latency} us`);
      assert.equal(metric(job, 'busy_guest_is_throttled', 'throttled'), 0, job.name);
    }
  });

  test('patched: at most 1.05 times the quota, and dead within 0.25 s', () => {
    for (const job of ran.filter(({ kernel }) => kernel === 'patched')) {
      assert.ok(metric(job, 'busy_guest_obeys_quota', 'overrun_ratio') <= 1.05, job.name);
      assert.ok(metric(job, 'busy_guest_dies_at_once', 'kill_latency') < 250_000, job.name);
    }
  });

  test('the files of the run are there and can be read back', async () => {
    const tap = await readFile(join(results, 'latest', 'results.tap'), 'utf8');
    assert.deepEqual(
      Parser.parse(tap, { strict: true }).filter(([kind]) => kind === 'extra'),
      [],
    );
    const junit = await readFile(join(results, 'latest', 'junit.xml'), 'utf8');
    assert.equal(junit.match(/<testsuite /g)?.length, run.jobs.length);
    const patched = ran.find(({ kernel }) => kernel === 'patched');
    const samples = JSON.parse(
      await readFile(join(results, 'latest', patched?.name ?? '', 'samples.json'), 'utf8'),
    ) as unknown[];
    assert.ok(samples.length > 20);
  });

  test("the payload's flat lines say what its KTAP says", async () => {
    for (const job of ran) {
      const log = await readFile(join(results, 'latest', job.name, 'console.log'), 'utf8');
      assert.deepEqual(readFlatResults(log), flatResults(job.cases), job.name);
      assert.ok(flatResults(job.cases).length > 20, job.name);
    }
  });

  test('again beside a busy host: the same consoles and metrics to the byte', async () => {
    const load = Array.from({ length: 2 * availableParallelism() }, () =>
      spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
    );
    try {
      const again = mkdtempSync(join(tmpdir(), 'busyguest-test-'));
      // Not powernv: its console is the same in all but about one of 100 runs (docs/reliability.md).
      const filter = 'device=~pseries-p9|papr-p10';
      const args = ['run', matrix, '--filter', filter, '--results', again, '--fresh', '--quiet'];
      assert.equal((await busyguest(...args)).code, 0);
      const counted = (await latest(again)).jobs.filter(
        ({ deviceFacts }) => deviceFacts?.['icount'] === 'yes',
      );
      assert.ok(counted.length >= 2);
      for (const job of counted) {
        const [first, second] = await Promise.all(
          [results, again].map((dir) => readFile(join(dir, 'latest', job.name, 'console.log'))),
        );
        assert.ok(first?.equals(second ?? Buffer.alloc(0)), `${job.name}: the consoles differ`);
        const before = run.jobs.find(({ name }) => name === job.name);
        assert.deepEqual(job.cases, before?.cases);
      }
    } finally {
      for (const process of load) process.kill('SIGKILL');
    }
  });

  test('a second run takes the results of the first and says so; the reports can be made again', async () => {
    const second = await busyguest('run', matrix, '--results', results, '--quiet');
    assert.equal(second.code, 0);
    const reused = (await latest(results)).jobs.filter((job) => job.status !== 'SKIP');
    assert.deepEqual(
      reused.map((job) => job.reused),
      ran.map(() => true),
    );
    assert.deepEqual(
      reused.map((job) => job.cases),
      ran.map((job) => job.cases),
    );
    const report = await busyguest('report', join(results, 'latest'));
    assert.equal(report.code, 0);
    assert.match(report.stdout, /fixed/);
  });
});
