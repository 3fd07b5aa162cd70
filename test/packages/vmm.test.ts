// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metric } from '../integration/cli.js';
import { bothKernels, fix, limit, runMatrix } from '../integration/matrix.js';

const matrix = {
  name: 'vmm',
  fix,
  kernels: bothKernels,
  devices: ['qemu-pseries-p9'],
  tests: [{ name: 'qemu', ...limit, seconds: 1, vmm: 'qemu' }],
};

test("a real QEMU's guest: the bug without the fix, fixed with it, and both in KVM_RUN all the time", async (context) => {
  const { outcome, run } = await runMatrix(context, matrix, '--fresh');
  assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
  assert.equal(run.overall, 'fixed');
  const [unpatched, patched] = run.jobs;
  assert.ok(unpatched && patched);
  assert.ok(metric(unpatched, 'busy_guest_obeys_quota', 'overrun_ratio') >= 3);
  assert.ok(metric(patched, 'busy_guest_obeys_quota', 'overrun_ratio') <= 1.05);
  for (const job of run.jobs) {
    const longest = metric(job, 'busy_guest_makes_progress', 'longest_kvm_run');
    const window = metric(job, 'busy_guest_obeys_quota', 'window');
    assert.ok(longest >= window, `${job.name}: ${longest} us of ${window} us`);
    assert.match(job.facts['vmm'] ?? '', /^Debian qemu-system-ppc 1:\d/);
    assert.equal(job.payloadFacts?.['vmm_guest'], 'bare');
  }
});
