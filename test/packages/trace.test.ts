// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metric } from '../integration/cli.js';
import { limit, runMatrix } from '../integration/matrix.js';

const matrix = {
  name: 'trace',
  kernels: [{ name: 'debian', package: 'debian:linux-image-powerpc64le', expect: 'FAIL' }],
  devices: ['qemu-pseries-p9'],
  tests: [{ name: 'traced', ...limit, seconds: 2, trace: true }],
};

test("Debian's newest kernel, traced: cpu.stat and runtime_remaining agree, and the slopes are the bug's", async (context) => {
  const { outcome, run } = await runMatrix(context, matrix, '--fresh');
  const [job] = run.jobs;
  assert.ok(job, outcome.stdout + outcome.stderr);
  if (/has no package/.test(job.reason)) {
    context.skip(job.reason);
    return;
  }
  const traced = job.cases.find(({ name }) => name === 'traced_debt_agrees');
  assert.equal(traced?.status, 'PASS', `${traced?.reason}; ${job.reason}`);
  assert.ok(metric(job, 'traced_debt_agrees', 'worst_difference') <= 100);
  assert.match(job.payloadFacts?.['trace'] ?? '', /by names$/);
  if (job.status === 'PASS') {
    context.diagnostic(`${job.facts['kernel_release']} keeps the limit: no slopes to compare`);
    return;
  }
  const running = metric(job, 'traced_debt_agrees', 'runtime_slope_running');
  const recovering = metric(job, 'traced_debt_agrees', 'runtime_slope_recovering');
  assert.ok(Math.abs(running + 700) <= 35, `${running} ms/s`);
  assert.ok(Math.abs(recovering - 300) <= 15, `${recovering} ms/s`);
});
