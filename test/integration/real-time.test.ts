// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { busyguest, latest, metric, project } from './cli.js';

const fix = join(project, 'jobs', 'patches');

/** JSON is YAML. */
const matrix = {
  name: 'real-time',
  fix: {
    add: join(fix, 'kvm-hv-xfer-to-guest'),
    remove: [join(fix, 'remove-kvm-hv-xfer-to-guest')],
  },
  kernels: [
    { name: 'unpatched', source: 'debian:linux-source', fix: 'absent', expect: 'FAIL' },
    { name: 'patched', source: 'debian:linux-source', fix: 'present' },
  ],
  devices: ['qemu-pseries-p9-rt'],
  tests: [{ name: 'busy-guest', 'quota-us': 30000, 'period-us': 100000 }],
};

/** As many as the load of `npm run soak:real-time`. */
const spinners = 4;

test('in real time beside a busy host: no wrong PASS, no wrong FAIL, and what is said is certain', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'busyguest-test-'));
  const file = join(dir, 'matrix.yaml');
  writeFileSync(file, JSON.stringify(matrix));
  const load = Array.from({ length: spinners }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  try {
    await busyguest('run', file, '--results', dir, '--fresh', '--quiet');
  } finally {
    for (const process of load) process.kill('SIGKILL');
  }
  const { jobs } = await latest(dir);
  assert.equal(jobs.length, 2);
  for (const job of jobs) {
    t.diagnostic(`${job.name}: ${job.status}: ${job.reason}`);
    // A host that is too busy gives an ERROR, which is right; anything else must be what is expected.
    assert.ok([job.expect, 'ERROR'].includes(job.status), `${job.name}: ${job.reason}`);
    if (job.status === 'ERROR') continue;
    assert.equal(job.facts['time'], 'real');
    assert.equal(job.facts['icount'], 'no');
    assert.ok(metric(job, 'busy_guest_obeys_quota', 'windows') >= 24);
    const evidence = job.cases
      .flatMap(({ metrics }) => metrics)
      .filter(({ name }) => name === 'evidence_log10');
    assert.ok(evidence.some(({ value }) => value >= 6.9));
  }
});
