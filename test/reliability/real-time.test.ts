// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { metric } from '../integration/cli.js';
import { bothKernels, fix, limit, runMatrix } from '../integration/matrix.js';

const matrix = {
  name: 'real-time',
  fix,
  kernels: bothKernels,
  devices: ['qemu-pseries-p9-rt'],
  tests: [{ name: 'busy-guest', ...limit }],
};

/** As many as the load of `npm run soak:real-time`. */
const spinners = 4;

test('in real time beside a busy host: no wrong PASS, no wrong FAIL, and what is said is certain', async (t) => {
  const load = Array.from({ length: spinners }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  const { run } = await runMatrix(t, matrix, '--fresh').finally(() => {
    for (const process of load) process.kill('SIGKILL');
  });
  const { jobs } = run;
  assert.equal(jobs.length, 2);
  for (const job of jobs) {
    t.diagnostic(`${job.name}: ${job.status}: ${job.reason}`);
    // A host that is too busy gives an ERROR, which is right; anything else must be what is expected.
    assert.ok([job.expect, 'ERROR'].includes(job.status), `${job.name}: ${job.reason}`);
    if (job.status === 'ERROR') continue;
    assert.equal(job.payloadFacts?.['time'], 'real');
    assert.equal(job.deviceFacts?.['icount'], 'no');
    assert.ok(metric(job, 'busy_guest_obeys_quota', 'windows') >= 24);
    const evidence = job.cases
      .flatMap(({ metrics }) => metrics)
      .filter(({ name }) => name === 'evidence_log10');
    assert.ok(evidence.some(({ value }) => value >= 6.9));
  }
});
